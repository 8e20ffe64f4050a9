"""HOTA and its parts at 19 localisation thresholds.

Luiten et al., "HOTA: a higher order metric for evaluating multi-object tracking", 2020, as computed
by TrackEval 1.3.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import BoolArray
from hie_cli.evaluation.assignment import choices
from hie_cli.evaluation.matching import EPS
from hie_cli.evaluation.metrics.accumulators import Sums, ratio
from hie_cli.evaluation.overlaps import Ints
from hie_cli.evaluation.sequence_pairs import Pairs

Curve = NDArray[np.float64]

ALPHAS: Curve = np.arange(0.05, 0.99, 0.05)
# Below this, LocA counts as 0 / 0 = 1.
_TINY = 1e-10


@dataclass(frozen=True)
class HotaSums(Sums):
    """Sums of one or more sequences, each (19,), one per threshold in ``ALPHAS``.

    tp, fn, fp: boxes; similarity: sum over matches; association, association_recall,
    association_precision: over all matches, the share of its two tracks' boxes (of both, of the
    true, of the predicted track) in which they are matched to each other.
    """

    tp: NDArray[np.int64]
    fn: NDArray[np.int64]
    fp: NDArray[np.int64]
    similarity: Curve
    association: Curve
    association_recall: Curve
    association_precision: Curve

    @property
    def det_a(self) -> Curve:
        """TP / (TP + FN + FP)."""
        return np.asarray(ratio(self.tp, self.tp + self.fn + self.fp))

    @property
    def det_re(self) -> Curve:
        """TP / truth."""
        return np.asarray(ratio(self.tp, self.tp + self.fn))

    @property
    def det_pr(self) -> Curve:
        """TP / predictions."""
        return np.asarray(ratio(self.tp, self.tp + self.fp))

    @property
    def ass_a(self) -> Curve:
        """Mean association of the matches."""
        return np.asarray(ratio(self.association, self.tp))

    @property
    def ass_re(self) -> Curve:
        """Mean association recall of the matches."""
        return np.asarray(ratio(self.association_recall, self.tp))

    @property
    def ass_pr(self) -> Curve:
        """Mean association precision of the matches."""
        return np.asarray(ratio(self.association_precision, self.tp))

    @property
    def loc_a(self) -> Curve:
        """Mean similarity of the matches; 1 where there is no match."""
        return np.maximum(_TINY, self.similarity) / np.maximum(_TINY, self.tp)

    @property
    def hota(self) -> Curve:
        """Geometric mean of DetA and AssA per threshold; HOTA is its mean."""
        return np.asarray(np.sqrt(self.det_a * self.ass_a))


def accumulate(pairs: Pairs) -> HotaSums:
    """Sums of one sequence."""
    truth_ids, ids = pairs.truth_ids[pairs.truth], pairs.predicted_ids[pairs.predicted]
    # A cell is a pair of tracks that meet; cell (K,) is the one that each pair of boxes belongs to.
    key = truth_ids * pairs.num_predicted_ids + ids
    meet = np.zeros(pairs.num_truth_ids * pairs.num_predicted_ids, np.bool_)
    meet[key] = True
    cells, cell = np.flatnonzero(meet), (np.cumsum(meet) - 1)[key]
    of_truth = np.bincount(pairs.truth_ids)[cells // max(1, pairs.num_predicted_ids)]
    of_predicted = np.bincount(pairs.predicted_ids)[cells % max(1, pairs.num_predicted_ids)]

    matched = _match(pairs, cell, of_truth + of_predicted)
    similarity, cell = pairs.similarity[matched], cell[matched]
    # The thresholds are nested: count pairs by how many they pass, then add from the strictest.
    passed = np.searchsorted(ALPHAS - EPS, similarity, side="right")
    size = len(ALPHAS) + 1
    shared = np.bincount(passed * len(cells) + cell, minlength=size * len(cells))
    shared = _at_least(shared.reshape(size, len(cells)))
    tp = shared.sum(axis=1)
    squared = shared.astype(np.float64) ** 2
    return HotaSums(
        tp=tp,
        fn=len(pairs.truth_ids) - tp,
        fp=len(pairs.predicted_ids) - tp,
        similarity=_at_least(np.bincount(passed, similarity, size)),
        association=(squared / (of_truth + of_predicted - shared)).sum(axis=1),
        association_recall=(squared / of_truth).sum(axis=1),
        association_precision=(squared / of_predicted).sum(axis=1),
    )


def _at_least(exactly: NDArray[Any]) -> NDArray[Any]:
    """From values per number of passed thresholds (20, ...) to those per threshold (19, ...)."""
    summed: NDArray[Any] = np.cumsum(exactly[::-1], axis=0)[::-1][1:]
    return summed


def _match(pairs: Pairs, cell: Ints, both: Ints) -> BoolArray:
    """Which pairs (K,) are matched, one matching for all thresholds.

    Per frame the assignment with the largest sum of similarity x alignment of the two tracks,
    where the alignment is a soft Jaccard index of the tracks before any matching; ``both`` counts
    the boxes of the two tracks of each cell.
    """
    of_truth = np.bincount(pairs.truth, pairs.similarity, len(pairs.truth_ids))
    of_predicted = np.bincount(pairs.predicted, pairs.similarity, len(pairs.predicted_ids))
    rest = of_truth[pairs.truth] + of_predicted[pairs.predicted] - pairs.similarity
    soft = np.bincount(cell, pairs.similarity / rest, len(both))
    score = pairs.similarity * (soft / (both - soft))[cell]
    matched = np.ones(len(pairs.truth), np.bool_)
    for choice in choices(pairs):
        matched[choice.pairs] = choice.best(score[choice.pairs])
    return matched
