"""Rankings: average precision by hand, ties, weights, pooling, draws."""

import numpy as np
import pytest

from hie_cli.evaluation.bootstrap_ap import area, coco_area, last_recall, stack
from hie_cli.evaluation.metrics.ranking import (
    Scored,
    average_precision,
    coco_average_precision,
    ranking,
    total_recall,
)


def scored(rows, positives, weights=None):
    """Rows of (score, mark, frame) at one threshold; truth instances per frame."""
    scores, marks, frames = (
        (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 3
    )
    return Scored(
        np.array(scores, np.float32),
        np.array([marks], np.int8).reshape(1, -1),
        np.array(frames, np.int32),
        np.array(positives, float),
        np.ones(len(positives)) if weights is None else np.array(weights, float),
    )


def random_part(seed, decimals=2, rows=60, frames=5):
    rng = np.random.default_rng(seed)
    marks = rng.choice([1, 0, -1], rows, p=[0.5, 0.4, 0.1])
    part = list(
        zip(rng.random(rows).round(decimals), marks, rng.integers(0, frames, rows), strict=True)
    )
    return scored(part, [rows / 5.0] * frames, rng.uniform(0.5, 3, frames))


def test_no_truth_is_nan_and_no_predictions_zero():
    assert np.isnan(average_precision(ranking([scored([], [0])]))[0])
    assert average_precision(ranking([scored([], [3])]))[0] == 0.0
    assert coco_average_precision(ranking([scored([], [3])]))[0] == 0.0
    assert total_recall(ranking([scored([], [3])]))[0] == 0.0


def test_ties_by_hand():
    # One true and one false of equal score, one truth instance: together they are a single step.
    rows = [(0.5, 1, 0), (0.5, 0, 0)]
    rank = ranking([scored(rows, [1])])
    assert average_precision(rank, "grouped")[0] == pytest.approx(1 / 2)
    assert average_precision(rank, "first")[0] == 1.0  # the true one stands first
    assert average_precision(rank, "last")[0] == pytest.approx(1 / 2)


def test_left_out_rows_change_nothing():
    rows = [(0.9, 1, 0), (0.5, 0, 0), (0.4, 1, 0)]
    plain = average_precision(ranking([scored(rows, [2])]))
    more = average_precision(ranking([scored([(0.95, -1, 0), (0.45, -1, 0), *rows], [2])]))
    # recall 1/2 at precision 1, then 1 at 2/3.
    assert plain[0] == more[0] == pytest.approx(1 / 2 + 1 / 2 * 2 / 3)


def test_equal_weights_change_nothing_and_pooling_is_joining():
    a, b = random_part(0), random_part(1)
    constant = Scored(a.scores, a.marks, a.frames, a.positives, np.full(5, 7.0))
    assert average_precision(ranking([constant], weighted=True)) == pytest.approx(
        average_precision(ranking([constant]))
    )
    joined = Scored(
        np.concatenate([a.scores, b.scores]),
        np.concatenate([a.marks, b.marks], 1),
        np.concatenate([a.frames, b.frames + 5]),
        np.concatenate([a.positives, b.positives]),
        np.concatenate([a.weights, b.weights]),
    )
    for weighted in (False, True):
        assert average_precision(ranking([a, b], weighted)) == pytest.approx(
            average_precision(ranking([joined], weighted))
        )


def test_coco_reads_precision_at_101_recalls():
    # One of two found at precision 1: recalls 0 .. 0.50 (51 of 101) see 1, the rest 0.
    assert coco_average_precision(ranking([scored([(0.9, 1, 0)], [2])]))[0] == pytest.approx(
        51 / 101
    )


TIMES = np.array([[2, 0, 1, 1], [1, 1, 1, 1], [0, 0, 0, 4]])


@pytest.mark.parametrize("weighted", [False, True])
def test_draws_equal_the_repeated_sequences(weighted):
    parts = [random_part(seed) for seed in range(4)]
    grid = stack(parts, 1000, weighted)
    for row, times in enumerate(TIMES):
        repeated = [p for p, n in zip(parts, times, strict=True) for _ in range(n)]
        rank = ranking(repeated, weighted)
        assert grid.figure(TIMES, area)[row] == pytest.approx(average_precision(rank))
        coco = coco_average_precision(rank, "grouped")
        assert grid.figure(TIMES, coco_area)[row] == pytest.approx(coco)
        assert grid.figure(TIMES, last_recall)[row] == pytest.approx(total_recall(rank))


def test_draws_without_truth_or_predictions():
    nothing = stack([scored([], [0]), scored([], [3])], 10)
    times = np.array([[2, 0], [1, 1]])
    for measure in (area, coco_area):
        values = nothing.figure(times, measure)
        assert np.isnan(values[0, 0])
        assert values[1, 0] == 0.0


def test_few_bins_come_close():
    parts = [random_part(seed, decimals=6, rows=2000) for seed in range(3)]
    exact = average_precision(ranking(parts))[0]
    rough = stack(parts, 200).figure(np.ones((1, 3), int), area)[0, 0]
    assert rough == pytest.approx(exact, abs=0.01)
