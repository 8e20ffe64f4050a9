"""The camera's motion told by people whose identities are known.

Under a camera that pans or shakes, people near and far move alike in pixels, while people who walk
move by their own height and in their own directions. Only a motion that most of several people
share is taken for the camera's.
"""

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hie_cli.camera.path import translation
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
        self._lag = _lag(rate)
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
            there, place = _found(now[1], before)
            shift = shared_motion(old[place[there]], now[2][there])
            share = (index - self._recent[-1][0]) / (index - first)
            matrix = _shifted(shift[0] * share)
        self._recent.append(now)
        return matrix


def common_motions(
    frames: IntArray, ids: Sequence[IntArray], boxes: Sequence[FloatArray], rate: float
) -> list[Floats | None]:
    """What ``CommonMotion`` says of ``frames`` (T,) ascending, all at once.

    ``ids[t]`` (N,) unique, ``boxes[t]`` (N, 4) xyxy px.
    """
    if not len(frames):
        return []
    first = np.searchsorted(frames, frames - _lag(rate))
    time = np.repeat(np.arange(len(frames)), [len(each) for each in ids])
    every, known = np.concatenate(boxes).astype(np.float64), np.concatenate(ids)
    many = int(known.max(initial=0)) + 1  # so that one number tells frame and identity
    order = (time * many + known).argsort()
    time, known, every = time[order], known[order], every[order]
    there, place = _found(first[time] * many + known, time * many + known)
    there &= first[time] < time
    shifts = shared_motion(every[place[there]], every[there], time[there], len(frames))
    lasted = np.diff(frames, prepend=frames[0]) / np.maximum(frames - frames[first], 1)
    return [_shifted(shift) for shift in shifts * lasted[:, None]]


def _lag(rate: float) -> int:
    """``LAG`` in frames."""
    return max(1, round(LAG * rate))


def _found(wanted: IntArray, known: IntArray) -> tuple[NDArray[np.bool_], IntArray]:
    """Which of ``wanted`` (N,) are among ``known`` (M,), ascending, and where (N,)."""
    place = known.searchsorted(wanted)
    if not len(known):
        return np.zeros(len(wanted), bool), place
    return known.take(place, mode="clip") == wanted, place


def _shifted(shift: Floats) -> Floats | None:
    """The homography (3, 3) of a shift (2,) px; None where it is NaN."""
    x, y = shift.tolist()
    return translation(x, y) if math.isfinite(x) else None


def shared_motion(
    old: Floats, new: Floats, frame: IntArray | None = None, frames: int = 1
) -> Floats:
    """What most people's boxes, N in all, (N, 4) xyxy px before and after, moved by alike, in each
    of some frames (T, 2) px; NaN where too few do.

    frame (N,) ascending: the frame of each; None: all in one.
    """
    shifts = np.full((frames, 2), np.nan)
    frame = np.zeros(len(old), np.int64) if frame is None else frame
    counts = np.bincount(frame, minlength=frames)
    values = np.empty((3, len(old)))  # how far each moved, and their heights
    np.divide(((new[:, :2] + new[:, 2:]) - (old[:, :2] + old[:, 2:])).T, 2, out=values[:2])
    np.maximum(new[:, 3] - new[:, 1], 1.0, out=values[2])
    middle = _medians(values, frame, counts)
    length = np.hypot(middle[0], middle[1])
    moves = (counts >= LEAST_PEOPLE) & (length >= LEAST_SPEED * middle[2])
    if not np.count_nonzero(moves):
        return shifts
    asked = moves[frame]
    frame, values = frame[asked], values[:, asked]
    moved, heights = values[:2], values[2]
    common, typical = middle[:2, frame], middle[2, frame]
    tolerance = np.maximum(ALIKE * length[frame], JITTER * heights)
    tolerance *= tolerance
    alike = _squares(moved - common) < tolerance
    # People who walk the same way move by their own heights: near ones faster than far ones.
    walking = _squares(moved - common * (heights / typical)) < tolerance
    agree = np.bincount(frame[alike], minlength=frames)
    moves &= agree >= LEAST_SHARE * counts
    moves &= np.bincount(frame[walking], minlength=frames) < agree
    alike &= moves[frame]
    shifts[moves] = _medians(moved[:, alike], frame[alike], agree * moves)[:, moves].T
    return shifts


def _squares(vectors: Floats) -> Floats:
    """The squared lengths (N,) of vectors (2, N)."""
    squares: Floats = np.einsum("kn,kn->n", vectors, vectors)
    return squares


def _medians(values: Floats, frame: IntArray, counts: IntArray) -> Floats:
    """The medians (K, T) of values (K, N) over the ``counts`` (T,) in each frame (N,), ascending;
    where there are none, those of another frame.
    """
    if not len(frame):
        return np.zeros((len(values), len(counts)))
    first = counts.cumsum() - counts
    low = np.minimum(first + np.maximum(counts - 1, 0) // 2, len(frame) - 1)
    high = np.minimum(first + counts // 2, len(frame) - 1)
    if len(counts) == 1:
        ordered = np.sort(values, axis=1)
    else:
        ordered = np.stack([row[np.lexsort((row, frame))] for row in values])
    medians: Floats = (ordered[:, low] + ordered[:, high]) / 2
    return medians
