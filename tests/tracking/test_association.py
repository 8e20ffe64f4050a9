import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hie_cli.boxes import iou
from hie_cli.tracking.association import assign, buffered_iou, pose_similarity

NONE = np.zeros((0, 4))
A = np.array([[0.0, 0.0, 10.0, 20.0]])


def test_nobody_overlaps_nobody():
    assert buffered_iou(NONE, A, np.zeros(0)).shape == (0, 1)
    assert buffered_iou(A, NONE, np.zeros(1)).shape == (1, 0)


def test_without_slack_it_is_iou():
    rng = np.random.default_rng(0)
    a, b = (np.sort(rng.uniform(0, 50, (6, 2, 2)), axis=1).reshape(6, 4) for _ in range(2))
    assert np.allclose(buffered_iou(a, b, np.zeros(6)), iou(a, b))


def test_slack_widens_both_boxes():
    beside = A + [12, 0, 12, 0]  # 2 px of free space between the two
    assert buffered_iou(A, beside, np.zeros(1)) == 0
    # Widened by 4 px each is 18 x 28 px; they share 6 x 28: 168 / (2 * 504 - 168).
    assert buffered_iou(A, beside, np.array([4.0]))[0, 0] == pytest.approx(168 / 840)


def test_poses_alike_and_apart():
    pose = np.random.default_rng(1).uniform(0, 100, (1, 14, 2))
    area = np.array([100.0 * 50])
    assert pose_similarity(pose, pose, area) == pytest.approx([1.0])
    assert pose_similarity(pose, pose + 500, area) == pytest.approx([0.0])
    assert np.isnan(pose_similarity(pose, np.full_like(pose, np.nan), area))


def test_assignment_of_nobody():
    for shape in ((0, 0), (0, 3), (3, 0)):
        rows, columns = assign(np.zeros(shape), 0.1)
        assert len(rows) == len(columns) == 0


def test_the_best_total_wins_over_the_best_pair():
    # Greedy would take .9 and leave .0; together .8 + .8 is more.
    rows, columns = assign(np.array([[0.9, 0.8], [0.8, 0.0]]), 0.1)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (1, 0)]


@given(st.integers(0, 2**32 - 1))
def test_assignment_against_all_permutations(seed):
    similarity = np.random.default_rng(seed).uniform(0, 1, (4, 4))
    rows, columns = assign(similarity, 0.3)
    assert (similarity[rows, columns] >= 0.3).all()
    gated = np.where(similarity >= 0.3, similarity, 0)
    best = max(gated[range(4), p].sum() for p in itertools.permutations(range(4)))
    assert similarity[rows, columns].sum() == pytest.approx(best)
