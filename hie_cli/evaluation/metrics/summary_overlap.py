"""How far a video summary agrees with those that people chose: F over frames, rank correlation.

Frames: K. Zhang et al., Video Summarization with Long Short-term Memory (ECCV 2016). Ranks: M.
Otani et al., Rethinking the Evaluation of Video Summaries (CVPR 2019).
"""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import BoolArray, FloatArray

_MOST_CELLS = 1 << 22  # of the table of two rankings


def overlap_f(chosen: BoolArray, users: BoolArray) -> FloatArray:
    """F (U,) = 2PR / (P + R) of chosen frames (T,) with those of each user (U, T').

    ``chosen`` is padded or cut to the users' length; 0 where nothing is shared.
    """
    length = users.shape[1]
    own = np.zeros(length, bool)
    own[: min(length, len(chosen))] = chosen[:length]
    shared = (users & own).sum(axis=1)
    total = users.sum(axis=1) + own.sum()
    f: FloatArray = np.where(shared > 0, 2 * shared / np.maximum(total, 1), 0.0)
    return f


def rank_correlation(scores: FloatArray, users: FloatArray) -> tuple[float, float]:
    """(Kendall's tau-b, Spearman's rho) of scores (N,), each the mean over users (U, N).

    A constant side has no ranks and counts 0. NaN without two scores or without users.
    """
    if len(scores) < 2 or not len(users):
        return float("nan"), float("nan")
    own = _levels(scores)
    theirs = [_levels(user) for user in users]
    taus = [kendall_tau_b(own, levels) for levels in theirs]
    rhos = [_pearson(_mid_ranks(own), _mid_ranks(levels)) for levels in theirs]
    return float(np.mean(taus)), float(np.mean(rhos))


def _levels(values: FloatArray) -> NDArray[np.int64]:
    """Each value's place among the distinct ones, from 0."""
    return np.unique(values, return_inverse=True)[1].reshape(-1)


def kendall_tau_b(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """(C - D) / sqrt((pairs - ties of first) (pairs - ties of second)), of levels (N,) from 0.

    Counted in the table of levels, which is small where one side has few, as users' marks have.
    """
    rows, columns = int(first.max()) + 1, int(second.max()) + 1
    if rows == 1 or columns == 1:
        return 0.0
    if rows * columns > _MOST_CELLS:
        from scipy.stats import kendalltau

        return float(kendalltau(first, second).statistic)
    table = np.bincount(first * columns + second, minlength=rows * columns)
    table = table.reshape(rows, columns)
    above = np.zeros_like(table)  # of smaller rows, in each column
    above[1:] = np.cumsum(table, axis=0)[:-1]
    left = np.cumsum(above, axis=1) - above
    right = above.sum(axis=1, keepdims=True) - left - above
    balance = int((table * (left - right)).sum())
    pairs = len(first) * (len(first) - 1) / 2
    counts = (table.sum(axis=1), table.sum(axis=0))
    untied = [pairs - float((c * (c - 1) / 2).sum()) for c in counts]
    return balance / float(np.sqrt(untied[0] * untied[1]))


def _mid_ranks(levels: NDArray[np.int64]) -> FloatArray:
    """Ranks (N,); those of equal values are their mean."""
    counts = np.bincount(levels)
    ranks: FloatArray = (np.cumsum(counts) - (counts - 1) / 2)[levels]
    return ranks


def _pearson(first: FloatArray, second: FloatArray) -> float:
    a, b = first - first.mean(), second - second.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else 0.0
