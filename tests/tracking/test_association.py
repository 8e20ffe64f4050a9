import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hie_cli.core.geometry import iou
from hie_cli.tracking.association import (
    assign,
    buffered_overlaps,
    motion_likeness,
    pose_similarity,
)
from hie_cli.tracking.kalman import Motion, MotionNoise

NONE = np.zeros((0, 4))
A = np.array([[0.0, 0.0, 10.0, 20.0]])


def table(a, b, slack):
    """The overlaps of the pairs as a matrix."""
    rows, columns, overlap, _ = buffered_overlaps(a, b, slack, np.ones((len(a), len(b)), bool))
    full = np.zeros((len(a), len(b)))
    full[rows, columns] = overlap
    return full


def test_nobody_overlaps_nobody():
    assert table(NONE, A, np.zeros(0)).shape == (0, 1)
    assert table(A, NONE, np.zeros(1)).shape == (1, 0)


def test_without_slack_it_is_iou():
    rng = np.random.default_rng(0)
    a, b = (np.sort(rng.uniform(0, 50, (6, 2, 2)), axis=1).reshape(6, 4) for _ in range(2))
    assert np.allclose(table(a, b, np.zeros(6)), iou(a, b))


def test_slack_widens_both_boxes():
    beside = A + [12, 0, 12, 0]  # 2 px of free space between the two
    assert len(buffered_overlaps(A, beside, np.zeros(1), np.ones((1, 1), bool))[2]) == 0
    # Widened by 4 px each is 18 x 28 px; they share 6 x 28: 168 / (2 * 504 - 168).
    assert table(A, beside, np.array([4.0]))[0, 0] == pytest.approx(168 / 840)


def test_vertical_spans_are_widened_too():
    # 0..20 and 5..25 px, each widened by 2 px: 19 of 29 px are shared.
    upright = buffered_overlaps(A, A + [3, 5, 3, 5], np.array([2.0]), np.ones((1, 1), bool))[3]
    assert upright == pytest.approx([19 / 29])


def test_flow_tells_apart_who_walks_which_way():
    boxes = np.array([[0.0, 0, 40, 100], [10.0, 0, 50, 100], [20.0, 0, 60, 100]])
    motion = Motion.start(boxes, MotionNoise())  # at rest, give or take 1 height a second
    speed = np.array([[0.0, 0], [100, 0], [np.nan, np.nan]])
    same, off, unknown = motion_likeness(motion, speed)
    assert same == pytest.approx(1)
    # 1 height a second off; the variances of the track's speed and of the flow's add up.
    assert off == pytest.approx(np.exp(-0.5 / (1.0**2 + 0.4**2)))
    assert np.isnan(unknown)


def test_poses_alike_and_apart():
    pose = np.random.default_rng(1).uniform(0, 100, (1, 14, 2))
    area = np.array([100.0 * 50])
    assert pose_similarity(pose, pose, area) == pytest.approx([1.0])
    assert pose_similarity(pose, pose + 500, area) == pytest.approx([0.0])
    assert np.isnan(pose_similarity(pose, np.full_like(pose, np.nan), area))


def solve(similarity, least):
    """The assignment among the pairs of a matrix from ``least`` on."""
    rows, columns = np.nonzero(similarity >= least)
    return assign(rows, columns, similarity[rows, columns])


def test_assignment_of_nobody():
    for shape in ((0, 0), (0, 3), (3, 0)):
        rows, columns = solve(np.zeros(shape), 0.1)
        assert len(rows) == len(columns) == 0


def test_the_best_total_wins_over_the_best_pair():
    # Greedy would take .9 and leave .0; together .8 + .8 is more.
    rows, columns = solve(np.array([[0.9, 0.8], [0.8, 0.0]]), 0.1)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (1, 0)]


def test_pairs_without_rivals_are_settled_beside_the_others():
    # Row 1 and column 2 have only one another; rows 0 and 2 contend for columns 0 and 1.
    rows, columns = solve(np.array([[0.9, 0.8, 0.0], [0.0, 0.0, 0.5], [0.8, 0.0, 0.0]]), 0.1)
    assert sorted(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (1, 2), (2, 0)]


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.3, 0.8]))
def test_assignment_against_all_permutations(seed, least):
    similarity = np.random.default_rng(seed).uniform(0, 1, (4, 4))
    rows, columns = solve(similarity, least)
    assert (similarity[rows, columns] >= least).all()
    assert len(set(rows.tolist())) == len(set(columns.tolist())) == len(rows)
    gated = np.where(similarity >= least, similarity, 0)
    best = max(gated[range(4), p].sum() for p in itertools.permutations(range(4)))
    assert similarity[rows, columns].sum() == pytest.approx(best)
