"""Speeds as a histogram, and how close people are to one another, in their own body heights."""

import numpy as np

from hie_cli.core.types import FloatArray, IntArray
from hie_cli.reporting.people_table import PeopleTable

FASTEST = 3.0  # body heights a second: the last bin of the histogram holds all above
BIN = 0.2


def histogram(speed: FloatArray) -> IntArray:
    """How many of ``speed`` fall into each bin of ``BIN`` from 0; the last takes all the faster."""
    known = np.clip(speed[np.isfinite(speed)], 0, FASTEST - BIN / 2)
    counts, _ = np.histogram(known, bins=round(FASTEST / BIN), range=(0, FASTEST))
    return counts


def crowding(table: PeopleTable, rows: IntArray) -> FloatArray:
    """(len(rows),) how many others stand within one body height of a person, on average.

    Distances are between feet, measured in the mean height of the two; 0 where nobody is.
    """
    found = np.zeros(len(rows), np.float32)
    starts = np.searchsorted(table.position, rows, "left")
    ends = np.searchsorted(table.position, rows, "right")
    for i, (a, b) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if b - a < 2:
            continue
        feet, heights = table.feet[a:b], table.heights[a:b]
        apart = np.linalg.norm(feet[:, None] - feet[None], axis=-1)
        near = apart < (heights[:, None] + heights[None]) / 2
        found[i] = (near.sum() - (b - a)) / (b - a)
    return found
