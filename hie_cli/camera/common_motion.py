"""The camera's motion told by people whose identities are known.

Under a camera that pans or shakes, people near and far move alike in pixels, while people who walk
move by their own height and in their own directions. Only a motion that most of several people
share is taken for the camera's.
"""

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, IntArray

Floats = NDArray[np.float64]
LAG = 0.12  # seconds over which common motion is measured: shorter would measure jitter
LEAST_PEOPLE = 4  # fewer say nothing of the camera
LEAST_SHARE = 0.6  # of them that must move alike
ALIKE = 0.2  # their difference from the common motion, over it ...
JITTER = 0.06  # ... or over their box height, whichever is more
LEAST_SPEED = 0.02  # common motion in median box heights per LAG; less is a camera that stands


class CommonMotion:
    """The camera's motion from frame to frame; feed it each frame's people with ``step``."""

    def __init__(self, rate: float) -> None:
        self._lag = max(1, round(LAG * rate))
        self._recent: deque[tuple[int, IntArray, Floats]] = deque()

    def step(self, index: int, ids: IntArray, boxes: FloatArray) -> Floats | None:
        """The shift (3, 3) from the pixels of the frame before to those of frame ``index``; None
        where there is none.

        ids (N,) unique, boxes (N, 4) xyxy px.
        """
        order = ids.argsort()
        now = (index, ids[order], np.asarray(boxes, np.float64)[order])
        while self._recent and self._recent[0][0] < index - self._lag:
            self._recent.popleft()
        matrix = None
        if self._recent:
            first, before, old = self._recent[0]
            both = np.zeros(len(ids), bool)
            if len(before):
                place = before.searchsorted(now[1])
                both = before.take(place, mode="clip") == now[1]
                old = old[place[both]]
            shift = shared_motion(old, now[2][both])
            if shift is not None:
                matrix = np.eye(3)
                matrix[:2, 2] = shift * (index - self._recent[-1][0]) / (index - first)
        self._recent.append(now)
        return matrix


def shared_motion(old: Floats, new: Floats) -> Floats | None:
    """What most of N people's boxes (N, 4) xyxy moved by alike (2,) px; None where too few do."""
    if len(old) < LEAST_PEOPLE:
        return None
    both = np.empty((len(old), 3))  # how far each moved, and their heights
    moved, heights = both[:, :2], both[:, 2]
    np.divide((new[:, :2] + new[:, 2:]) - (old[:, :2] + old[:, 2:]), 2, out=moved)
    np.maximum(new[:, 3] - new[:, 1], 1.0, out=heights)
    middle = _middle(both)
    common, typical = middle[:2], float(middle[2])
    length = math.hypot(*common.tolist())
    if length < LEAST_SPEED * typical:
        return None
    tolerance = np.maximum(ALIKE * length, JITTER * heights)
    tolerance *= tolerance
    alike = _squares(moved - common) < tolerance
    count = np.count_nonzero(alike)
    if count < LEAST_SHARE * len(old):
        return None
    # People who walk the same way move by their own heights: near ones faster than far ones.
    walking = _squares(moved - common * (heights / typical)[:, None]) < tolerance
    if np.count_nonzero(walking) >= count:
        return None
    return _middle(moved[alike])


def _squares(vectors: Floats) -> Floats:
    """The squared lengths (N,) of vectors (N, 2)."""
    squares: Floats = np.einsum("nk,nk->n", vectors, vectors)
    return squares


def _middle(values: Floats) -> Floats:
    """The median over the first axis; NumPy's own takes most of the time for so few values."""
    ordered, half = np.sort(values, axis=0), len(values) // 2
    median: Floats = (ordered[half] + ordered[-half - 1]) / 2
    return median
