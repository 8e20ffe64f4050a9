"""Unbroken stretches of time, in rows of a table."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import BoolArray, IntArray


def runs(rows: Sequence[int] | IntArray, gap: int = 1) -> list[tuple[int, int]]:
    """First and last of every run of ascending ``rows`` whose steps are at most ``gap``."""
    values = np.asarray(rows, np.int64)
    if not len(values):
        return []
    cuts = np.flatnonzero(np.diff(values) > gap)
    firsts = values[np.concatenate([[0], cuts + 1])]
    lasts = values[np.concatenate([cuts, [len(values) - 1]])]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def intervals(rows: IntArray, active: BoolArray, gap: int) -> list[NDArray[np.intp]]:
    """Where ``active`` (N,) holds at ``rows`` (N,), ascending: an array of positions a interval.

    Steps of up to ``gap`` rows from one to the next belong to one interval.
    """
    chosen = np.flatnonzero(active)
    if not len(chosen):
        return []
    return np.split(chosen, np.flatnonzero(np.diff(rows[chosen]) > gap) + 1)
