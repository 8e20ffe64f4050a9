"""Who is the same in the next frame, before identities are known."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def follow(alike: Floats, least: float) -> NDArray[np.int64]:
    """Of each later person the index of the same earlier one, -1 if none, by likeness (N, M)."""
    from scipy.optimize import linear_sum_assignment

    index = np.full(alike.shape[1], -1)
    if alike.size:
        rows, columns = linear_sum_assignment(-alike)
        good = alike[rows, columns] >= least
        index[columns[good]] = rows[good]
    return index


def inverse(link: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The later index of each of ``count`` earlier people, -1 if none, from ``follow``'s answer."""
    forward = np.full(count, -1)
    forward[link[link >= 0]] = np.flatnonzero(link >= 0)
    return forward


def through(link: NDArray[np.int64], index: NDArray[np.int64]) -> NDArray[np.int64]:
    """``link[index]``, with -1 staying -1."""
    return np.append(link, -1)[index]
