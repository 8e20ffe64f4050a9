"""The knapsack against brute force, and scores of samples turned into a choice of shots."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.summary.knapsack import knapsack
from hie_cli.summary.selection import (
    choose_shots,
    divided,
    frame_scores,
    shot_scores,
    shots_of_points,
)


def best_value(values, weights, capacity):
    fits = [
        sum(values[i] for i in chosen)
        for k in range(len(values) + 1)
        for chosen in combinations(range(len(values)), k)
        if sum(weights[i] for i in chosen) <= capacity
    ]
    return max(fits)


def test_knapsack_by_hand():
    # 30 + 10 + 20 = 60 fits and is worth 1.8; with 40 in it at most .3 + .9 ... = 1.2.
    chosen = knapsack(np.array([0.9, 0.1, 0.8, 0.3]), np.array([30, 10, 20, 40]), 60)
    assert chosen.tolist() == [0, 1, 2]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-2, 20), st.integers(1, 9)), max_size=8), st.integers(0, 30))
def test_knapsack_is_the_best_choice(items, capacity):
    values = np.array([v / 10 for v, _ in items], float)
    weights = np.array([w for _, w in items], int)
    chosen = knapsack(values, weights, capacity)
    assert weights[chosen].sum() <= capacity
    assert values[chosen].sum() == pytest.approx(best_value(values, weights, capacity))
    assert (values[chosen] > 0).all()


def test_frames_have_the_score_of_the_pick_before_them():
    scores = frame_scores(np.array([0.5, 0.2]), np.array([1, 4]), 6)
    assert scores.tolist() == [0, 0.5, 0.5, 0.5, 0.2, 0.2]
    # A pick past the scores: 0.
    assert frame_scores(np.array([0.5]), np.array([0, 2]), 4).tolist() == [0.5, 0.5, 0, 0]


def test_shots_within_the_share():
    shots = np.array([[0, 3], [4, 5], [6, 9]])
    scores = np.array([0.4] * 4 + [0.9] * 2 + [0.5] * 4)
    assert shot_scores(scores, shots) == pytest.approx([0.4, 0.9, 0.5])
    # Six of ten frames: shots 1 and 2 (.9 + .5) by their means, and by their sums (1.8 + 2).
    choice = choose_shots(scores, shots, 0.6)
    assert choice.chosen.tolist() == [1, 2]
    assert choice.frames.sum() == 6
    # Four of ten: by means shot 1 alone (.9), by sums shot 2 (2.0 against 1.8).
    assert choose_shots(scores, shots, 0.4).chosen.tolist() == [1]
    assert choose_shots(scores, shots, 0.4, "total").chosen.tolist() == [2]
    # .3 of 10 frames are 3, whatever 0.3 * 10 is in binary.
    assert choose_shots(np.ones(10), np.array([[0, 2], [3, 9]]), 0.3).chosen.tolist() == [0]


def test_shots_that_fit_no_share_are_divided():
    parts = divided(np.array([[0, 3], [4, 13]]), 4)
    assert parts.tolist() == [[0, 3], [4, 6], [7, 10], [11, 13]]


def test_shots_of_change_points():
    picks = np.array([0, 15, 30, 45])
    assert shots_of_points(np.array([2]), picks, 50).tolist() == [[0, 29], [30, 49]]
    assert shots_of_points(np.array([], int), picks, 50).tolist() == [[0, 49]]
