"""Average precision of many resamplings at once, on rankings summed into bins of score."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.evaluation.metrics.ranking import Floats, Scored, coco_mean

# Draws taken at a time, so that their curves stay in the processor's cache.
_CHUNK = 32


@dataclass(frozen=True)
class Curves:
    """B draws at K thresholds: weight of true positives and of all predictions down to each of M
    steps, best first (B, K, M); weight of the truth instances (B,).
    """

    true: Floats
    made: Floats
    positives: Floats

    @property
    def recall(self) -> Floats:
        """(B, K, M); NaN without truth."""
        truth = np.where(self.positives > 0, self.positives, np.nan)
        return self.true / truth[:, None, None]

    @property
    def best_precision(self) -> Floats:
        """Best precision (B, K, M) at each step or further down."""
        made = np.where(self.made > 0, self.made, 1.0)
        return np.maximum.accumulate((self.true / made)[..., ::-1], axis=-1)[..., ::-1]


@dataclass(frozen=True)
class ResampledRankings:
    """R sequences on one grid of M bins of score, best first, ready to be drawn in any number.

    true, made (R, K, M): weight of true positives and of predictions per bin; positives (R,).
    """

    true: Floats
    made: Floats
    positives: Floats

    def curves(self, times: NDArray[np.integer[Any]]) -> Iterator[Curves]:
        """The curves of draws that take each sequence ``times`` often (B, R), some at a time."""
        for first in range(0, len(times), _CHUNK):
            factor = times[first : first + _CHUNK].astype(np.float64)
            true = np.cumsum(np.tensordot(factor, self.true, 1), axis=-1)
            made = np.cumsum(np.tensordot(factor, self.made, 1), axis=-1)
            yield Curves(true, made, factor @ self.positives)

    def figure(
        self, times: NDArray[np.integer[Any]], measure: Callable[[Curves], Floats]
    ) -> Floats:
        """``measure`` of every draw (B, ...)."""
        return np.concatenate([measure(curves) for curves in self.curves(times)])


def stack(parts: Sequence[Scored], bins: int, weighted: bool = False) -> ResampledRankings:
    """Sequences summed into common bins of score, at most ``bins`` of them.

    The average precision of a draw is exact (for grouped ties) where every distinct score has a bin
    of its own.
    """
    distinct = np.unique(np.concatenate([part.scores for part in parts]))
    if len(distinct) > bins:
        distinct = distinct[np.linspace(0, len(distinct) - 1, bins).astype(np.int64)]
    true: list[list[NDArray[Any]]] = []
    made: list[list[NDArray[Any]]] = []
    positives = []
    for part in parts:
        weight = part.weights[part.frames] if weighted else np.ones(len(part.scores))
        place = len(distinct) - np.searchsorted(distinct, part.scores, side="right")
        for kept, chosen in ((true, part.marks == 1), (made, part.marks >= 0)):
            size = len(distinct) + 1
            kept.append([np.bincount(place, weight * r, minlength=size) for r in chosen])
        positives.append((part.positives * part.weights).sum() if weighted else part.total)
    return ResampledRankings(np.array(true), np.array(made), np.array(positives))


def area(curves: Curves) -> Floats:
    """Average precision (B, K) as ``ranking.average_precision``."""
    summed: Floats = (np.diff(curves.recall, prepend=0.0) * curves.best_precision).sum(axis=-1)
    return summed


def coco_area(curves: Curves) -> Floats:
    """Average precision (B, K) as ``ranking.coco_average_precision``."""
    recall, best = curves.recall, curves.best_precision
    rows = [
        [coco_mean(r, p) for r, p in zip(rr, pp, strict=True)]
        for rr, pp in zip(recall, best, strict=True)
    ]
    return np.array(rows)


def last_recall(curves: Curves) -> Floats:
    """Recall (B, K) of all predictions."""
    return curves.recall[..., -1]
