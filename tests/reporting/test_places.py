import numpy as np
import pytest

from hie_cli.reporting.places import COLUMNS, Flow, border, flows, heat_map
from tests.support.people_tables import SIZE, box, table


def test_time_in_the_heat_map_is_the_time_of_all_boxes():
    standing = table([(t, 0, box(160, 120), "") for t in range(30)])
    grid = heat_map(standing)
    assert grid.shape == (48, COLUMNS)  # 64 * 240 / 320
    assert grid.sum() == pytest.approx(3.0, rel=1e-4)  # 30 boxes, ten a second
    assert grid.argmax() == 24 * COLUMNS + 32
    assert heat_map(table([])).sum() == 0


@pytest.mark.parametrize(
    ("corners", "where"),
    [
        ([0, 100, 20, 140], "left"),
        ([300, 100, 319, 140], "right"),
        ([100, 200, 140, 239], "bottom"),
        ([100, -5, 104, 3], "top"),
        ([100, 0, 160, 180], "within"),  # tall and near: the head is no border
        ([100, 80, 120, 120], "within"),
    ],
)
def test_borders(corners, where):
    assert border(np.array(corners), *SIZE) == where


def test_flows_count_whole_ways_and_leave_out_glimpses():
    people = [(t, 0, box(5 + 8 * t, 150), "") for t in range(40)]  # left to right
    people += [(t, 1, box(315 - 8 * t, 100), "") for t in range(30)]  # right, lost within
    people += [(t, 2, box(5, 60), "") for t in range(3)]
    assert flows(table(people)) == [Flow("left", "right", 1), Flow("right", "within", 1)]
    assert flows(table([])) == []
