import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hie_cli.core.types import People
from hie_cli.detection.tiles import cut_sides, join, windows
from tests.support.found_boxes import people

SIZE = (200, 100)
LEFT, RIGHT = (0, 0, 114, 100), (86, 0, 200, 100)  # two columns sharing a quarter of a tile


def joined(left, right):
    return join([left, right], [LEFT, RIGHT], SIZE, 0.6)


def test_windows_of_two_columns():
    # n s - (n - 1) o s = 2 s - 0.25 s = 200 -> s = 114.3, step = 85.7
    assert windows(200, 100, 2, 1, 0.25) == [LEFT, RIGHT]
    assert windows(200, 100, 1, 1, 0.25) == [(0, 0, 200, 100)]


@pytest.mark.parametrize("wrong", [(0, 1, 0.2), (1, 1, -0.1), (1, 1, 0.95)])
def test_windows_refuse_nonsense(wrong):
    with pytest.raises(ValueError, match="tiles need"):
        windows(100, 100, *wrong)


@given(
    st.integers(40, 3000), st.integers(40, 2000), st.integers(1, 5), st.integers(1, 4),
    st.floats(0, 0.6),
)  # fmt: skip
def test_windows_cover_the_frame_without_gaps(width, height, columns, rows, overlap):
    tiles = np.array(windows(width, height, columns, rows, overlap))
    assert len(tiles) == columns * rows
    assert tiles[:, :2].min() == 0
    assert (tiles.max(0)[2:] == (width, height)).all()
    xs = tiles[:columns]
    assert (xs[1:, 0] <= xs[:-1, 2]).all()


def test_cut_sides_knows_inner_edges_from_the_frame_s_own():
    boxes = np.array([[0, 10, 20, 50], [90, 10, 114, 50], [50, 0, 60, 100]])
    sides = cut_sides(boxes, LEFT, *SIZE).sides
    assert sides.tolist() == [[False] * 4, [False, False, True, False], [False] * 4]


def test_nobody():
    assert len(joined(People.empty(), People.empty())) == 0


def test_a_person_whole_in_both_tiles_is_counted_once():
    found = joined(people((90, 10, 110, 60, 0.9)), people((91, 10, 110, 60, 0.7)))
    np.testing.assert_allclose(found.boxes, [[90, 10, 110, 60]])
    np.testing.assert_allclose(found.scores, [0.9])


def test_a_part_cut_by_the_edge_goes_when_the_neighbour_sees_the_whole():
    # In the left tile 100..114 of a person 100..130; IoU with the whole is only 14 / 30.
    found = joined(people((100, 10, 114, 60, 0.95)), people((100, 10, 130, 60, 0.6)))
    np.testing.assert_allclose(found.boxes, [[100, 10, 130, 60]])


def test_a_person_too_wide_for_either_tile_becomes_the_hull():
    left = people((60, 10, 114, 90, 0.6))
    right = people((86, 12, 150, 90, 0.8))
    found = joined(left, right)
    np.testing.assert_allclose(found.boxes, [[60, 10, 150, 90]])
    np.testing.assert_allclose(found.scores, [0.8])


def test_two_people_cut_at_the_same_edge_stay_two():
    # Within the shared strip 86..114 they lie one above the other.
    found = joined(people((60, 5, 114, 40, 0.6)), people((86, 55, 150, 95, 0.8)))
    assert len(found) == 2


def test_a_whole_person_beside_a_cut_one_stays():
    found = joined(people((20, 10, 40, 60, 0.5), (70, 10, 114, 90, 0.9)), People.empty())
    assert len(found) == 2


def test_a_person_without_joints_and_one_with_in_neighbouring_tiles():
    posed = people((10, 10, 30, 60, 0.9)).replace(
        keypoints=np.zeros((1, 14, 2)), keypoint_scores=np.ones((1, 14))
    )
    found = joined(posed, People.empty(posed))
    assert found.keypoints is not None
