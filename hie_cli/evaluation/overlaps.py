"""All overlapping boxes of a sequence, many frames at a time, as sparse pairs."""

from collections.abc import Iterable, Sequence, Sized
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hie_cli.evaluation.matching import decimals
from hie_cli.types import BoolArray, FloatArray

Ints = NDArray[np.int64]
# Pairs whose overlap is computed at a time: small enough for the cache.
CHUNK = 1 << 15


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
    none = np.zeros((0, 4), np.float32)
    true_all = decimals(np.concatenate([none, *true_boxes]))
    found_all = decimals(np.concatenate([none, *boxes]))
    true_start, start = starts(true_boxes), starts(boxes)
    most = int(np.diff(true_start).max(initial=1) * np.diff(start).max(initial=1))
    step = max(1, CHUNK // max(1, most))
    parts = []
    for first in range(0, len(boxes), step):
        last = min(first + step, len(boxes))
        a = _padded(true_all, true_start[first : last + 1])[..., None]
        b = _padded(found_all, start[first : last + 1])[:, :, None]
        near = (np.minimum(a[2], b[2]) > np.maximum(a[0], b[0])) & (
            np.minimum(a[3], b[3]) > np.maximum(a[1], b[1])
        )
        # Few boxes touch: their sizes are computed for those only.
        frame, row, column = np.unravel_index(np.flatnonzero(near), near.shape)
        p, q = a[:, frame, row, 0], b[:, frame, 0, column]
        width = np.minimum(p[2], q[2]) - np.maximum(p[0], q[0])
        inter = width * (np.minimum(p[3], q[3]) - np.maximum(p[1], q[1]))
        area = (q[2] - q[0]) * (q[3] - q[1])
        union = (p[2] - p[0]) * (p[3] - p[1]) + area - inter
        if crowd is not None:
            union = np.where(crowd[true_start[first + frame] + row], area, union)
        parts.append(Overlaps(frame + first, row, column, inter / union))
    return joined(parts)


def _padded(boxes: NDArray[np.float64], start: Ints) -> NDArray[np.float64]:
    """Boxes of several frames as (4, F, most); missing ones are empty and overlap nothing."""
    counts = np.diff(start)
    padded = np.zeros((4, len(counts), int(counts.max(initial=0))))
    padded[:, np.arange(padded.shape[2]) < counts[:, None]] = boxes[start[0] : start[-1]].T
    return padded
