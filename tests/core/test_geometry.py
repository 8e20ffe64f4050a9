import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from hie_cli.core import geometry
from hie_cli.core.skeletons import OKS_SIGMAS

NONE = np.zeros((0, 4))
corners = arrays(np.float64, st.tuples(st.integers(0, 6), st.just(4)), elements=st.integers(0, 50))


def ordered(found: np.ndarray) -> np.ndarray:
    return np.concatenate([found[:, :2], found[:, :2] + found[:, 2:]], 1)


def test_nobody() -> None:
    assert geometry.iou(NONE, NONE).shape == (0, 0)
    assert geometry.iou(NONE, np.ones((2, 4))).shape == (0, 2)
    assert geometry.nms(NONE, np.zeros(0), 0.5).tolist() == []
    assert geometry.clip(NONE, 9, 9).shape == (0, 4)
    assert geometry.oks(np.zeros((0, 14, 2)), np.zeros((3, 14, 2)), np.ones(3)).shape == (0, 3)


def test_by_hand() -> None:
    """10 x 10 and 10 x 10 shifted by 5: 5 * 10 common, 10 * 10 + 10 * 10 - 50 in all."""
    a, b = np.array([[0, 0, 10, 10]]), np.array([[5, 0, 15, 10]])
    assert geometry.intersection(a, b) == 5 * 10
    assert geometry.iou(a, b) == 50 / (100 + 100 - 50)
    assert geometry.iom(a, np.array([[2, 2, 4, 4]])) == 1  # it lies inside
    assert geometry.area(np.array([[5, 0, 3, 9]])) == 0  # reversed
    assert geometry.iou(np.zeros((1, 4)), np.zeros((1, 4))) == 0  # empty against empty


@given(a=corners, b=corners)
def test_iou_equals_pycocotools(a: np.ndarray, b: np.ndarray) -> None:
    if len(a) and len(b):
        expected = coco_mask.iou(a, b, [0] * len(b))  # left, top, width, height
        ours = geometry.iou(ordered(a), ordered(b))
        filled = (geometry.area(ordered(a))[:, None] + geometry.area(ordered(b))[None]) > 0
        np.testing.assert_allclose(ours[filled], np.asarray(expected)[filled], atol=1e-12)


@given(a=corners, seed=st.integers(0, 99))
def test_nms_keeps_no_two_alike(a: np.ndarray, seed: int) -> None:
    """The kept overlap little, every dropped one overlaps a better kept one, the best is kept."""
    found = ordered(a)
    scores = np.random.default_rng(seed).random(len(found))
    kept = geometry.nms(found, scores, 0.4)
    overlap = geometry.iou(found, found)
    assert (overlap[np.ix_(kept, kept)][~np.eye(len(kept), dtype=bool)] <= 0.4).all()
    for i in set(range(len(found))) - set(kept.tolist()):
        assert any(overlap[i, k] > 0.4 and scores[k] >= scores[i] for k in kept)
    if len(found):
        assert kept[0] == scores.argmax()


def test_nms_ties_take_the_lower_index() -> None:
    same = np.array([[0, 0, 9, 9]] * 3)
    assert geometry.nms(same, np.ones(3), 0.5).tolist() == [0]


def test_clip() -> None:
    found = geometry.clip(np.array([[-5, -5, 700, 500], [650, 1, 660, 2]]), 640, 480)
    assert found.tolist() == [[0, 0, 640, 480], [640, 1, 640, 2]]


def test_oks_by_hand() -> None:
    """One joint off by d: exp(-d^2 / (2 area (2 sigma)^2)); the other 13 agree."""
    pose = np.zeros((1, 14, 2))
    other = pose.copy()
    other[0, 0, 0] = 3
    first = np.exp(-(3**2) / (2 * 100 * (2 * OKS_SIGMAS[0]) ** 2))
    assert geometry.oks(other, pose, np.array([100.0])) == pytest.approx((13 + first) / 14)


def test_oks_counts_common_joints_only() -> None:
    pose, other = np.zeros((1, 14, 2)), np.full((1, 14, 2), np.nan)
    assert geometry.oks(other, pose, np.array([100.0])) == 0
    other[0, 4] = 0
    assert geometry.oks(other, pose, np.array([100.0])) == 1


def test_iou_row_by_row() -> None:
    a = np.array([[0.0, 0, 10, 20], [0, 0, 40, 100]])
    b = np.array([[5.0, 0, 15, 20], [20, 0, 60, 100]])
    assert geometry.paired_iou(a, b) == pytest.approx([100 / 300, 20 / 60])
    assert geometry.paired_iou(a, b) == pytest.approx(np.diag(geometry.iou(a, b)))


def test_coverage_is_the_share_of_the_row_within_the_column() -> None:
    share = geometry.coverage(np.array([[0.0, 0, 10, 10], [5, 0, 25, 10]]))
    assert share == pytest.approx(np.array([[0, 0.5], [0.25, 0]]))


def test_oks_row_by_row_is_the_diagonal_of_all_pairs() -> None:
    random = np.random.default_rng(0)
    poses, others = random.normal(0, 9, (2, 3, 14, 2))
    others[0, :5] = np.nan
    areas = np.array([100.0, 400.0, 900.0])
    pairs = geometry.paired_oks(poses, others, areas)
    assert pairs == pytest.approx(np.diag(geometry.oks(poses, others, areas)))
    others[1] = np.nan
    assert np.isnan(geometry.paired_oks(poses, others, areas)[1])


@pytest.mark.parametrize("shape", [(3, 4), (1, 5), (0, 3), (3, 0), (0, 0)])
def test_pairs_where_are_numpys_nonzero(shape):
    wanted = np.random.default_rng(0).random(shape) < 0.4
    for found, expected in zip(geometry.pairs_where(wanted), wanted.nonzero(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_ranges_stand_one_after_another():
    which, number = geometry.ranges(np.array([3, 7, 5, 0]), np.array([5, 7, 4, 3]))
    assert which.tolist() == [0, 0, 3, 3, 3]  # 7 to 7 and 5 to 4 are none
    assert number.tolist() == [3, 4, 0, 1, 2]
