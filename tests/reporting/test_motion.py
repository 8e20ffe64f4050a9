import numpy as np
import pytest

from hie_cli.reporting.motion import crowding, histogram
from tests.support.people_tables import box, table


def test_histogram_by_hand():
    counts = histogram(np.array([0.1, 0.3, 0.3, 9.0, np.nan]))
    assert counts.tolist() == [1, 2, *[0] * 12, 1]  # 15 bins of .2; the last takes 9.0


def test_close_by():
    """0 and 1 are half a height apart, 2 stands alone: two people with one neighbour, of three."""
    close = table([(0, 0, box(50, 100), ""), (0, 1, box(70, 100), ""), (0, 2, box(200, 100), "")])
    near = crowding(close, np.array([0, 1]))
    assert near.tolist() == [pytest.approx(2 / 3), 0.0]
