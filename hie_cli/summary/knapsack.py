"""Which shots fit a length and are worth most: the 0/1 knapsack, exactly."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray


def knapsack(values: FloatArray, weights: NDArray[np.integer], capacity: int) -> NDArray[np.int64]:
    """Indices (ascending) of the items of the greatest total value within ``capacity``.

    values: (N,) floats, finite · weights: (N,) whole numbers above 0. Items of no value are left
    out; of equal choices the one without the later item is taken. Dynamic programming over
    capacities: N x capacity steps and bits.
    """
    total = int(np.sum(weights))
    capacity = max(0, min(capacity, total))
    best = np.zeros(capacity + 1)
    takes = []
    for value, weight in zip(values, weights, strict=True):
        taken = np.zeros(capacity + 1, bool)
        if value > 0 and weight <= capacity:
            with_it = best[: capacity + 1 - int(weight)] + float(value)
            better = with_it > best[int(weight) :]
            taken[int(weight) :] = better
            best[int(weight) :] = np.where(better, with_it, best[int(weight) :])
        takes.append(np.packbits(taken))
    chosen, left = [], capacity
    for item in range(len(takes) - 1, -1, -1):
        if takes[item][left >> 3] >> (7 - (left & 7)) & 1:
            chosen.append(item)
            left -= int(weights[item])
    return np.array(chosen[::-1], np.int64)
