"""Identity metrics: IDF1, IDP, IDR under the best one-to-one mapping of whole tracks.

Ristani et al., "Performance measures and a data set for multi-target, multi-camera tracking", 2016.
"""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.evaluation.metrics.accumulators import Sums, ratio
from hie_cli.evaluation.sequence_pairs import Pairs


@dataclass(frozen=True)
class IdentitySums(Sums):
    """Boxes of one or more sequences: rightly identified, false and missed."""

    idtp: int
    idfp: int
    idfn: int

    @property
    def idf1(self) -> float:
        """Harmonic mean of IDP and IDR; 0 without any box."""
        return float(ratio(self.idtp, self.idtp + 0.5 * self.idfp + 0.5 * self.idfn))

    @property
    def idp(self) -> float:
        """IDTP / predictions."""
        return float(ratio(self.idtp, self.idtp + self.idfp))

    @property
    def idr(self) -> float:
        """IDTP / truth."""
        return float(ratio(self.idtp, self.idtp + self.idfn))


def accumulate(pairs: Pairs, threshold: float = 0.5) -> IdentitySums:
    """Counts of one sequence; boxes overlap enough from a similarity of ``threshold``.

    FN + FP is smallest where the tracks mapped onto each other share the most overlapping boxes,
    so one assignment on the table of shared boxes (true ids, predicted ids) is all it takes.
    """
    close = pairs.similarity >= threshold
    shape = (pairs.num_truth_ids, pairs.num_predicted_ids)
    cell = (
        pairs.truth_ids[pairs.truth[close]] * shape[1] + pairs.predicted_ids[pairs.predicted[close]]
    )
    shared = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    idtp = int(shared[linear_sum_assignment(shared, maximize=True)].sum())
    return IdentitySums(idtp, len(pairs.predicted_ids) - idtp, len(pairs.truth_ids) - idtp)
