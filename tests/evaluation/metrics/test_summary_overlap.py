"""F over frames by hand; rank correlations against scipy's."""

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from hie_cli.evaluation.metrics.summary_overlap import overlap_f, rank_correlation


def test_f_by_hand():
    users = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]], bool)
    chosen = np.array([0, 1, 1, 0, 0, 0], bool)
    # P = 1/2 and R = 1/2; P = 1/2 and R = 1/4: 2 (1/8) / (3/4) = 1/3; nothing.
    assert overlap_f(chosen, users) == pytest.approx([0.5, 1 / 3, 0])
    assert overlap_f(users[1], users).max() == 1


def test_a_summary_is_cut_or_padded_to_the_users_length():
    users = np.array([[1, 0, 1]], bool)
    assert overlap_f(np.array([1, 0, 1, 1], bool), users) == pytest.approx([1])
    assert overlap_f(np.array([1], bool), users) == pytest.approx([2 / 3])


@pytest.mark.parametrize("levels", [2, 5, 10_000])
def test_ranks_are_scipys(levels):
    rng = np.random.default_rng(levels)
    scores = np.round(rng.random(200), 2)
    users = rng.integers(0, levels, (3, 200)).astype(float)
    tau = np.mean([kendalltau(scores, user).statistic for user in users])
    rho = np.mean([spearmanr(scores, user).statistic for user in users])
    assert rank_correlation(scores, users) == pytest.approx((tau, rho))


def test_ranks_by_hand():
    # Of 6 pairs one is turned: (5 - 1) / 6; d = 0, 0, 1, 1: 1 - 6 * 2 / (4 * 15).
    tau, rho = rank_correlation(np.array([1.0, 2, 3, 4]), np.array([[1.0, 2, 4, 3]]))
    assert (tau, rho) == pytest.approx((4 / 6, 0.8))
    assert rank_correlation(np.ones(4), np.array([[1.0, 2, 4, 3]])) == (0, 0)
    assert np.isnan(rank_correlation(np.ones(1), np.ones((1, 1)))).all()
