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

    scores (N,) float64 · marks (K, N) int8: at threshold k a true positive (1), a false one (0) or
    left out (-1) · frames (N,) int32: row of the frame in the next two · positives (T,) float64:
    truth instances per frame · weights (T,) float64: weight of each frame.
    """

    scores: NDArray[np.float64]
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
        # In float64, as there: numpy's sort of another type leaves ties in another order.
        order = np.argsort(rank.scores.astype(np.float64))[::-1]
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
    return np.array([coco_mean(r, p) for r, p in zip(recall, precision, strict=True)], np.float64)


def coco_mean(recall: Floats, precision: Floats) -> float:
    """Mean interpolated precision at the 101 recalls; NaN where the recall (M,) is undefined."""
    if np.isnan(recall).any():
        return float("nan")
    return float(interpolated(np.linspace(0, 1, 101), recall, precision).mean())


def total_recall(rank: Ranking) -> Floats:
    """Share (K,) of the truth found by all predictions; NaN without truth instances."""
    found = rank.true.sum(axis=1)
    return found / rank.positives if rank.positives > 0 else np.full_like(found, np.nan)


def interpolated(grid: Floats, recall: Floats, precision: Floats) -> Floats:
    """Best precision (G,) at each recall of ``grid`` (G,) or beyond; 0 where it is never reached.

    recall, precision: (N,) along the ranking.
    """
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    at: Floats = best[np.searchsorted(recall, grid, side="left")]
    return at


def mean_present(values: Floats, axis: int | None = None) -> Any:
    """Mean of the finite values, of any shape; NaN where there is none (and no warning)."""
    array = np.asarray(values, np.float64)
    known = np.isfinite(array)
    count = known.sum(axis=axis)
    total = np.where(known, array, 0.0).sum(axis=axis)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
