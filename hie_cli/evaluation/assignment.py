"""Choosing among pairs: the one-to-one assignments of a whole sequence, frame by frame.

Where every box has one pair at most there is nothing to choose. Elsewhere the frame's whole matrix
is solved, although a part of it would do: so that ties fall as they do in TrackEval.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.core.types import BoolArray
from hie_cli.evaluation.overlaps import Ints
from hie_cli.evaluation.sequence_pairs import Pairs


@dataclass(frozen=True)
class Choice:
    """A frame in which some box has two pairs.

    pairs: where its pairs (C,) are in ``Pairs``; rows, columns (C,): their cells in the frame's
    matrix, which has ``shape``.
    """

    frame: int
    pairs: slice
    rows: Ints
    columns: Ints
    shape: tuple[int, int]

    def settled_by(self, chosen: BoolArray) -> BoolArray | None:
        """The pairs (C,) taken once the ``chosen`` ones are, or None if a choice is left.

        ``chosen`` (C,) must not exclude each other.
        """
        row_taken = np.zeros(self.shape[0], np.bool_)
        column_taken = np.zeros(self.shape[1], np.bool_)
        row_taken[self.rows[chosen]] = True
        column_taken[self.columns[chosen]] = True
        free = ~(row_taken[self.rows] | column_taken[self.columns])
        rows, columns = self.rows[free], self.columns[free]
        clash = len(rows) and (np.bincount(rows).max() > 1 or np.bincount(columns).max() > 1)
        return None if clash else chosen | free

    def best(self, values: NDArray[np.float64]) -> BoolArray:
        """Which pairs (C,) the assignment with the largest sum of ``values`` (C,) > 0 takes."""
        matrix = np.zeros(self.shape)
        matrix[self.rows, self.columns] = values
        taken = np.zeros(self.shape, np.bool_)
        taken[linear_sum_assignment(matrix, maximize=True)] = True
        return taken[self.rows, self.columns]


def choices(pairs: Pairs) -> Iterator[Choice]:
    """The frames in which some box has two pairs; the pairs of all others stand as they are."""
    clash = np.bincount(pairs.truth)[pairs.truth] > 1
    clash |= np.bincount(pairs.predicted)[pairs.predicted] > 1
    before = np.concatenate([[0], np.cumsum(clash)])
    num_truth, num_predicted = np.diff(pairs.truth_start), np.diff(pairs.predicted_start)
    for frame in np.flatnonzero(np.diff(before[pairs.pair_start])):
        here = pairs.pairs_of(frame)
        rows = pairs.truth[here] - pairs.truth_start[frame]
        columns = pairs.predicted[here] - pairs.predicted_start[frame]
        shape = (num_truth[frame], num_predicted[frame])
        yield Choice(int(frame), here, rows, columns, shape)
