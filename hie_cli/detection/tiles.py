"""Cutting a frame into overlapping tiles, and joining what the tiles saw without duplicates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.types import People, concatenate

Window = tuple[int, int, int, int]  # xyxy in frame pixels

_TOUCH = 0.02  # of the tile's side: a box ending this near an inner edge is cut by it
_INSIDE = 0.6  # intersection over the smaller box at which a cut box is part of a whole one
_SAME_STRIP = 0.5  # IoU inside the shared strip at which two cut boxes are one person


def windows(width: int, height: int, columns: int, rows: int, overlap: float) -> list[Window]:
    """``rows x columns`` equal tiles covering the frame, neighbours sharing ``overlap`` of a side.

    Raises ValueError if ``overlap`` is not in 0..0.9 or a count is below 1.
    """
    if columns < 1 or rows < 1 or not 0 <= overlap <= 0.9:
        raise ValueError("tiles need at least 1 column and row and an overlap within 0..0.9")
    xs, ys = _spans(width, columns, overlap), _spans(height, rows, overlap)
    return [(x1, y1, x2, y2) for y1, y2 in ys for x1, x2 in xs]


def _spans(length: int, count: int, overlap: float) -> list[tuple[int, int]]:
    """n spans of size s with n s - (n - 1) overlap s = length."""
    size = length / (count - (count - 1) * overlap)
    step = size * (1 - overlap)
    return [
        (round(i * step), length if i == count - 1 else round(i * step + size))
        for i in range(count)
    ]


@dataclass(frozen=True)
class Cut:
    """Which inner tile edges (left, top, right, bottom) each of N boxes touches: (N, 4) bool."""

    sides: NDArray[np.bool_]

    @property
    def any(self) -> NDArray[np.bool_]:
        """(N,) whether the box is cut at all."""
        return np.asarray(self.sides.any(1))


def cut_sides(boxes: NDArray[np.floating], window: Window, width: int, height: int) -> Cut:
    """Edges of ``window`` that boxes (N, 4) in frame pixels touch; the frame's own cut nobody."""
    x1, y1, x2, y2 = window
    near = _TOUCH * np.array([x2 - x1, y2 - y1, x2 - x1, y2 - y1])
    gap = np.abs(np.asarray(boxes, np.float64).reshape(-1, 4) - np.array(window))
    beyond = np.asarray(boxes).reshape(-1, 4)[:, 2:] > np.array([x2, y2])
    before = np.asarray(boxes).reshape(-1, 4)[:, :2] < np.array([x1, y1])
    touches = (gap <= near) | np.concatenate((before, beyond), 1)
    inner = np.array([x1 > 0, y1 > 0, x2 < width, y2 < height])
    return Cut(touches & inner)


def join(
    parts: Sequence[People], places: Sequence[Window], size_wh: tuple[int, int], nms_iou: float
) -> People:
    """One frame's people from its tiles; ``parts[t]`` in frame pixels, seen in ``places[t]``.

    1. Whole boxes seen twice in an overlap: the better one stays (IoU > ``nms_iou``).
    2. A cut box lying mostly in a whole one is a part of that person: dropped.
    3. Two cut boxes of neighbouring tiles that agree inside the strip both tiles see are one
       person too large for either: replaced by their hull, joints by the surer tile's.
    4. Remaining cut boxes compete by intersection over the smaller box.
    """
    cuts = [
        cut_sides(part.boxes, place, *size_wh) for part, place in zip(parts, places, strict=True)
    ]
    everybody = concatenate(list(parts))
    if not len(everybody):
        return everybody
    cut = np.concatenate([c.any for c in cuts])
    whole = everybody[~cut]
    whole = whole[geometry.nms(whole.boxes, whole.scores, nms_iou)]

    halves = [part[c.any] for part, c in zip(parts, cuts, strict=True)]
    halves = [half[_outside(half.boxes, whole.boxes)] for half in halves]
    hulls = _join_halves(halves, places)
    if not len(hulls):
        return whole
    hulls = hulls[_suppress_inside(hulls.boxes, hulls.scores)]
    # A hull may now be a whole box after all.
    hulls = hulls[geometry.iou(hulls.boxes, whole.boxes).max(1, initial=0.0) <= nms_iou]
    return concatenate([whole, hulls])


def _outside(boxes: NDArray[np.floating], whole: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which of ``boxes`` (N, 4) lie mostly in none of ``whole`` (M, 4)."""
    return np.asarray(geometry.iom(boxes, whole).max(1, initial=0.0) <= _INSIDE)


def _join_halves(halves: Sequence[People], places: Sequence[Window]) -> People:
    """Merge matching cut boxes of different tiles into hulls, until nothing matches."""
    people = concatenate(list(halves))
    if not len(people):
        return people
    seen_in = np.repeat(np.array(places, np.float64), [len(h) for h in halves], axis=0)  # (N, 4)
    boxes = people.boxes.astype(np.float64)
    order = list(np.argsort(-people.scores, kind="stable"))
    kept: list[int] = []
    for i in order:
        home = next((k for k in kept if _same_person(boxes, seen_in, k, i)), None)
        if home is None:
            kept.append(int(i))
            continue
        boxes[home] = np.r_[
            np.minimum(boxes[home, :2], boxes[i, :2]), np.maximum(boxes[home, 2:], boxes[i, 2:])
        ]
        seen_in[home] = np.r_[
            np.minimum(seen_in[home, :2], seen_in[i, :2]),
            np.maximum(seen_in[home, 2:], seen_in[i, 2:]),
        ]
    return people.replace(boxes=boxes)[np.array(kept, np.int64)]


def _same_person(boxes: NDArray[np.float64], seen_in: NDArray[np.float64], a: int, b: int) -> bool:
    """Whether boxes a and b agree inside the strip that both of their windows see."""
    strip = np.r_[
        np.maximum(seen_in[a, :2], seen_in[b, :2]), np.minimum(seen_in[a, 2:], seen_in[b, 2:])
    ]
    if (seen_in[a] == seen_in[b]).all() or (strip[2:] <= strip[:2]).any():
        return False
    inside = [
        np.r_[np.maximum(boxes[k, :2], strip[:2]), np.minimum(boxes[k, 2:], strip[2:])]
        for k in (a, b)
    ]
    if any((box[2:] <= box[:2]).any() for box in inside):
        return False
    return bool(geometry.iou(inside[0], inside[1])[0, 0] >= _SAME_STRIP)


def _suppress_inside(
    boxes: NDArray[np.floating], scores: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Indices kept by suppression at intersection over the smaller box, larger areas first."""
    overlap = geometry.iom(boxes, boxes)
    alive = np.ones(len(scores), bool)
    kept = []
    for i in np.lexsort((-np.asarray(scores), -geometry.area(boxes))):
        if alive[i]:
            kept.append(int(i))
            alive &= overlap[i] <= _INSIDE
    return np.array(kept, np.int64)
