"""From NanoDet's scores and side distributions to boxes. Numpy only."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray

STRIDES = (8, 16, 32)


@dataclass(frozen=True)
class Cells:
    """Where each of the A output cells lies: centres (A, 2) x, y in input pixels, strides (A,)."""

    centres: FloatArray
    strides: FloatArray


def cells(
    height: int, width: int, strides: tuple[int, ...] = STRIDES, centre: float = 0.5
) -> Cells:
    """The grid of an input of ``height`` x ``width`` pixels: row by row, stride by stride."""
    centres, sizes = [], []
    for stride in strides:
        y, x = np.mgrid[: -(-height // stride), : -(-width // stride)].astype(np.float32)
        centres.append((np.stack((x.ravel(), y.ravel()), 1) + centre) * stride)
        sizes.append(np.full(x.size, stride, np.float32))
    return Cells(np.concatenate(centres), np.concatenate(sizes))


def decode(
    scores: FloatArray,
    bins: FloatArray,
    grid: Cells,
    floor: float,
) -> tuple[FloatArray, FloatArray]:
    """One image's boxes (K, 4) xyxy in input pixels and scores (K,), best first.

    ``scores`` (A,), ``bins`` (44, A) in the order left, top, right, bottom. Every cell scoring at
    least ``floor`` counts; duplicates are not suppressed here.
    """
    chosen = np.flatnonzero(scores >= floor)
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
    side = bins[:, chosen].reshape(4, len(bins) // 4, len(chosen))
    weight = np.exp(side - side.max(1, keepdims=True, initial=-np.inf))
    steps = np.arange(side.shape[1], dtype=np.float32)[:, None]
    distance = (weight * steps).sum(1) / weight.sum(1) * grid.strides[chosen]  # (4, K)
    x, y = grid.centres[chosen].T
    left, top, right, bottom = distance
    boxes = np.stack((x - left, y - top, x + right, y + bottom), 1)
    return boxes.astype(np.float32), scores[chosen]
