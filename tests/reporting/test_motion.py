import numpy as np
import pytest

from hie_cli.reporting.motion import crowding, histogram, speeds
from tests.support.stories import box, story


def test_a_walker_of_known_speed():
    """4 pixels a frame, 10 frames a second, 40 pixels high: one body height a second."""
    walker = story([(t, 0, box(20 + 4 * t, 200, 40), "") for t in range(30)])
    assert speeds(walker) == pytest.approx(np.full(30, 1.0))


def test_the_same_at_half_the_rate_and_none_of_a_glimpse():
    slow = story([(t, 0, box(20 + 4 * t, 200, 40), "") for t in range(30)], fps=5.0)
    assert speeds(slow)[10] == pytest.approx(0.5)  # 20 pixels a second over 40
    glimpse = story([(t, 0, box(20 + 4 * t, 200, 40), "") for t in range(4)])
    assert np.isnan(speeds(glimpse)).all()  # 0.3 s, and 0.4 are needed
    assert len(speeds(story([]))) == 0


def test_histogram_by_hand():
    counts = histogram(np.array([0.1, 0.3, 0.3, 9.0, np.nan]))
    assert counts.tolist() == [1, 2, *[0] * 12, 1]  # 15 bins of .2; the last takes 9.0


def test_close_by():
    """0 and 1 are half a height apart, 2 stands alone: two people with one neighbour, of three."""
    close = story([(0, 0, box(50, 100), ""), (0, 1, box(70, 100), ""), (0, 2, box(200, 100), "")])
    near = crowding(close, np.array([0, 1]))
    assert near.tolist() == [pytest.approx(2 / 3), 0.0]
