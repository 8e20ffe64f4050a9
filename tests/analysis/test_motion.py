import numpy as np
import pytest

from hie_cli.analysis.motion import mean_of_known, motion, to_ground
from hie_cli.analysis.tracks import gather
from tests.support.walks import VIDEO, frames, line


def measured(ways, ground=None):
    return motion(gather(frames(ways), VIDEO, "walk"), 1.0, ground)


def test_nobody():
    assert measured({}).heights.tolist() == []
    assert mean_of_known(np.array([np.nan])) is None


def test_body_heights_a_second():
    """15 px every .1 s are 150 px a second, 1.5 heights of 100 px."""
    found = measured({1: line((50, 200), (350, 200), 20)})
    assert found.heights == pytest.approx(np.full(21, 1.5))
    assert found.metres is None


def test_who_stands_is_still():
    assert measured({1: [(100, 200)] * 20}).heights == pytest.approx(np.zeros(20))


def test_short_sightings_have_no_speed():
    """.4 of the window of 1 s must be there: 4 steps of .1 s are enough, 3 are not."""
    assert np.isnan(measured({1: line((0, 200), (30, 200), 3)}).heights).all()
    assert not np.isnan(measured({1: line((0, 200), (40, 200), 4)}).heights).any()


def test_metres_a_second():
    """2 cm a pixel: 150 px a second are 3 m/s."""
    found = measured({1: line((50, 200), (350, 200), 20)}, np.diag([0.02, 0.02, 1.0]))
    assert found.metres == pytest.approx(np.full(21, 3.0))


def test_to_ground_divides_by_depth():
    matrix = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0.01, 1]])
    assert to_ground(np.array([[50.0, 100.0]]), matrix).tolist() == [[25.0, 50.0]]
