"""Scored predictions, hit or miss, and the average precision of their ranking.

``Scored`` keeps what one sequence contributes to one class (a joint, an action) in few bytes a
row, so that sequences can be pooled, weighted frame by frame and resampled after the geometry is
gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# How predictions of equal score are ranked: ``grouped`` as one step of the curve, so that the order
# of persons, frames and files does not matter; ``first`` row first, as COCO's evaluator does;
# ``last`` row first, as numpy's reversed argsort leaves them in poseval and the AVA evaluator.
Ties = Literal["grouped", "first", "last"]


@dataclass(frozen=True)
class Scored:
    """One class of one sequence.

    scores (N,) float32 · marks (K, N) int8: at threshold k a true positive (1), a false one (0) or
    left out (-1) · frames (N,) int32: row of the frame in the next two · positives (T,) float64:
    truth instances per frame · weights (T,) float64: weight of each frame.
    """

    scores: NDArray[np.float32]
    marks: NDArray[np.int8]
    frames: NDArray[np.int32]
    positives: Floats
    weights: Floats

    @property
    def total(self) -> float:
        """Truth instances, unweighted."""
        return float(self.positives.sum())


@dataclass(frozen=True)
class Ranking:
    """A list to rank, at K thresholds: scores (N,), the weight of each row that is a true positive
    and that counts at all (K, N); ``positives`` is the weight of all truth instances.
    """

    scores: NDArray[np.floating[Any]]
    true: Floats
    made: Floats
    positives: float


def ranking(parts: Sequence[Scored], weighted: bool = False) -> Ranking:
    """The pooled ranking of several sequences, frames weighted by ``Scored.weights`` or equally."""
    weights = [_row_weights(part, weighted) for part in parts]
    pairs = list(zip(parts, weights, strict=True))
    return Ranking(
        np.concatenate([p.scores for p in parts]),
        np.concatenate([(p.marks == 1) * w for p, w in pairs], axis=1),
        np.concatenate([(p.marks >= 0) * w for p, w in pairs], axis=1),
        float(sum(_positives(part, weighted) for part in parts)),
    )


def _row_weights(part: Scored, weighted: bool) -> Floats:
    return part.weights[part.frames] if weighted else np.ones(len(part.scores))


def _positives(part: Scored, weighted: bool) -> float:
    return float((part.positives * part.weights).sum()) if weighted else part.total


def curve(rank: Ranking, ties: Ties = "grouped") -> tuple[Floats, Floats]:
    """Recall and precision (K, M) down the ranked list; M <= N with grouped ties."""
    if ties == "last":
        order = np.argsort(rank.scores)[::-1]
    else:
        order = np.argsort(-rank.scores, kind="stable")
    last = np.ones(len(order), bool)
    if ties == "grouped":
        last[:-1] = np.diff(rank.scores[order]) != 0
    true = np.cumsum(rank.true[:, order], axis=1)[:, last]
    total = np.cumsum(rank.made[:, order], axis=1)[:, last]
    precision = np.divide(true, total, out=np.zeros_like(true), where=total > 0)
    recall = true / rank.positives if rank.positives > 0 else np.full_like(true, np.nan)
    return recall, precision


def average_precision(rank: Ranking, ties: Ties = "grouped") -> Floats:
    """Area under the interpolated precision-recall curve (K,); NaN without truth instances.

    Precision at a recall is the best precision at that or any higher recall (Pascal VOC 2010; used
    by poseval and by the AVA evaluator).
    """
    count = len(rank.true)
    if rank.positives <= 0:
        return np.full(count, np.nan)
    recall, precision = curve(rank, ties)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    gain = np.diff(recall, axis=1, prepend=0.0)
    area: Floats = (gain * best).sum(axis=1)
    return area


def coco_average_precision(rank: Ranking, ties: Ties = "first") -> Floats:
    """COCO's average precision (K,): the interpolated precision at recalls 0, 0.01, ... 1."""
    if rank.positives <= 0:
        return np.full(len(rank.true), np.nan)
    recall, precision = curve(rank, ties)
    pairs = zip(recall, precision, strict=True)
    means = [interpolated(np.linspace(0, 1, 101), r, p).mean() for r, p in pairs]
    return np.array(means, np.float64)


def interpolated(grid: Floats, recall: Floats, precision: Floats) -> Floats:
    """Best precision at each recall of ``grid`` or beyond; 0 where it is never reached."""
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    at: Floats = best[np.searchsorted(recall, grid, side="left")]
    return at


def mean_present(values: Floats, axis: int | None = None) -> Any:
    """Mean of the finite values; NaN where there is none (and no warning)."""
    array = np.asarray(values, np.float64)
    known = np.isfinite(array)
    count = known.sum(axis=axis)
    total = np.where(known, array, 0.0).sum(axis=axis)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def binned(part: Scored, edges: NDArray[np.floating[Any]], weighted: bool = False) -> Ranking:
    """The sequence's ranking in bins of score; bin b holds edges[b-1] <= score < edges[b]."""
    weight = _row_weights(part, weighted)
    place = np.searchsorted(edges, part.scores, side="right")
    size = len(edges) + 1

    def summed(chosen: NDArray[np.bool_]) -> Floats:
        return np.stack([np.bincount(place, weight * row, minlength=size) for row in chosen])

    return Ranking(
        np.arange(size, dtype=np.float64),
        summed(part.marks == 1),
        summed(part.marks >= 0),
        _positives(part, weighted),
    )


def score_edges(parts: Sequence[Scored], bins: int) -> NDArray[np.float32]:
    """Bin edges for ``binned``: every distinct score, or ``bins`` quantiles if there are more."""
    scores = [p.scores for p in parts]
    distinct = np.unique(np.concatenate(scores)) if scores else np.zeros(0, np.float32)
    if len(distinct) <= bins:
        return distinct
    return distinct[np.linspace(0, len(distinct) - 1, bins).astype(np.int64)]


@dataclass(frozen=True)
class Stack:
    """R rankings on one grid of bins, ready to be added up in any multiplicity.

    true, made (R, K, M); positives (R,).
    """

    true: Floats
    made: Floats
    positives: Floats

    def drawn(self, times: NDArray[np.integer[Any]]) -> Ranking:
        """The sum of the rankings, each taken ``times`` often (R,)."""
        factor = times.astype(np.float64)
        return Ranking(
            np.arange(self.true.shape[2], dtype=np.float64),
            np.tensordot(factor, self.true, 1),
            np.tensordot(factor, self.made, 1),
            float(factor @ self.positives),
        )


def stack(parts: Sequence[Scored], bins: int, weighted: bool = False) -> Stack:
    """Sequences summed into common bins of score, at most ``bins`` of them.

    The average precision of a draw is exact (for grouped ties) where every distinct score has a bin
    of its own.
    """
    edges = score_edges(parts, bins)
    rankings = [binned(part, edges, weighted) for part in parts]
    return Stack(
        np.stack([r.true for r in rankings]),
        np.stack([r.made for r in rankings]),
        np.array([r.positives for r in rankings]),
    )
