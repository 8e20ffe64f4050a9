"""All overlapping boxes of a sequence, many frames at a time, as sparse pairs."""

from collections.abc import Iterable, Sequence, Sized
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import BoolArray, FloatArray
from hie_cli.evaluation.matching import decimals

Ints = NDArray[np.int64]
# Pairs that are tested at a time: small enough for the cache.
CHUNK = 1 << 16


class Overlaps(NamedTuple):
    """Pairs (K,): frame, row and column in the frame's matrix, similarity > 0; in that order."""

    frame: Ints
    row: Ints
    column: Ints
    similarity: NDArray[np.float64]


def joined(parts: Iterable[Overlaps]) -> Overlaps:
    """Pairs of successive frames as one."""
    none = np.zeros(0, np.int64)
    filled = [Overlaps(none, none, none, np.zeros(0)), *parts]
    return Overlaps(*(np.concatenate(field) for field in zip(*filled, strict=True)))


def starts(rows: Sequence[Sized]) -> Ints:
    """Where each frame's rows begin when all frames are joined, and where the last one ends."""
    return np.concatenate([[0], np.cumsum([len(r) for r in rows])]).astype(np.int64)


def box_overlaps(
    true_boxes: Sequence[FloatArray], boxes: Sequence[FloatArray], crowd: BoolArray | None = None
) -> Overlaps:
    """IoU of all boxes that touch, for lists of one array (n, 4) per frame.

    True boxes marked in ``crowd`` (all frames' joined) stand for a crowd: the share of the
    prediction's area that they cover replaces the IoU, as in COCO.
    """
    none = np.zeros((0, 4), np.float32)  # joined to float64 where the boxes are
    true_all = decimals(np.concatenate([none, *true_boxes]))
    found_all = decimals(np.concatenate([none, *boxes]))
    true_start, start = starts(true_boxes), starts(boxes)
    frame, row, column = _touching(_padded(true_all, true_start), _padded(found_all, start))
    true_index = true_start[frame] + row
    p, q = true_all[true_index].T, found_all[start[frame] + column].T
    width = np.minimum(p[2], q[2]) - np.maximum(p[0], q[0])
    inter = width * (np.minimum(p[3], q[3]) - np.maximum(p[1], q[1]))
    area = (q[2] - q[0]) * (q[3] - q[1])
    union = (p[2] - p[0]) * (p[3] - p[1]) + area - inter
    if crowd is not None:
        union = np.where(crowd[true_index], area, union)
    some = inter > 0  # a box without an area lies inside another, but shares nothing with it
    return Overlaps(frame[some], row[some], column[some], inter[some] / union[some])


def _touching(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[Ints, Ints, Ints]:
    """Frame, row and column of the padded boxes (4, F, G) and (4, F, P) that touch."""
    a, b = a[..., None], b[:, :, None]
    shape = np.broadcast_shapes(a.shape, b.shape)[1:]
    each = shape[1] * shape[2]
    step = max(1, CHUNK // max(1, each))
    found = [np.zeros(0, np.int64)]
    for first in range(0, shape[0], step):
        here = slice(first, first + step)
        near = a[0, here] < b[2, here]
        near &= b[0, here] < a[2, here]
        near &= a[1, here] < b[3, here]
        near &= b[1, here] < a[3, here]
        found.append(np.flatnonzero(near) + first * each)
    frame, row, column = np.unravel_index(np.concatenate(found), shape)
    return frame, row, column


def _padded(boxes: NDArray[np.float64], start: Ints) -> NDArray[np.float64]:
    """Boxes of all frames as (4, F, most); missing ones are NaN and overlap nothing."""
    counts = np.diff(start)
    padded = np.full((4, len(counts), int(counts.max(initial=0))), np.nan)
    padded[:, np.arange(padded.shape[2]) < counts[:, None]] = boxes.T
    return padded
