"""The camera's motion in a window.

Where the track stage has measured the camera from the pixels, frames carry it. Otherwise it is
estimated from the boxes: under a camera that pans or shakes, people near and far move alike in
pixels, while people who walk move by their own height and in their own directions. Only a motion
that most of several people share is taken for the camera's.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, FramePeople

Complex = NDArray[np.complex128]
LAG = 0.12  # seconds over which common motion is measured: shorter would measure jitter
LEAST_PEOPLE = 4  # fewer say nothing of the camera
LEAST_SHARE = 0.6  # of them that must move alike
ALIKE = 0.2  # their difference from the common motion, over it ...
JITTER = 0.06  # ... or over their box height, whichever is more
LEAST_SPEED = 0.02  # common motion in median box heights per LAG; less is a camera that stands


@dataclass(frozen=True)
class CameraPath:
    """Similarities from the pixels of frames at ``times`` (K,) ascending, seconds from a window's
    frame, to that frame's pixels: z -> turn * z + shift, turn and shift (K,) complex, a point
    (x, y) being x + iy.
    """

    times: FloatArray
    turn: Complex
    shift: Complex

    def at(self, times: FloatArray) -> tuple[Complex, Complex]:
        """Turn and shift (T,) of frames at ``times`` (T,), which are among its own."""
        rows = np.searchsorted(self.times, times - 1e-6)
        return self.turn[rows], self.shift[rows]


def path(times: FloatArray, steps: list[tuple[complex, complex]], now: int) -> CameraPath | None:
    """The path to frame ``now`` of ``steps`` (K) as ``CameraTracker`` gave them; None if the camera
    stood still.
    """
    turn, shift = np.array([s[0] for s in steps]), np.array([s[1] for s in steps])
    turn, shift = turn / turn[now], (shift - shift[now]) / turn[now]
    if (turn == 1).all() and (shift == 0).all():
        return None
    return CameraPath(times, turn.astype(np.complex128), shift.astype(np.complex128))


class CameraTracker:
    """The similarity from each frame's pixels to the first frame's, frame by frame."""

    def __init__(self, rate: float) -> None:
        self._lag = max(1, round(LAG * rate))
        self._turn, self._shift = 1 + 0j, 0j
        self._recent: deque[tuple[int, dict[int, FloatArray]]] = deque()

    def step(self, item: FramePeople) -> tuple[complex, complex]:
        """Turn and shift of the next frame."""
        if item.camera is not None:
            turn, shift = similarity(item.camera)
            self._turn, self._shift = self._turn / turn, self._shift - self._turn / turn * shift
        else:
            self._shift -= self._turn * self._common(item)
        return self._turn, self._shift

    def _common(self, item: FramePeople) -> complex:
        """The common motion of the people since the frame before, px; 0 where there is none."""
        ids = item.people.track_ids
        boxes = item.people.boxes.astype(np.float64)
        now = {} if ids is None else dict(zip(ids.tolist(), boxes, strict=True))
        now.pop(-1, None)
        while self._recent and self._recent[0][0] < item.index - self._lag:
            self._recent.popleft()
        motion = 0j
        if self._recent:
            first, before = self._recent[0]
            shared = common_motion(before, now)
            last = self._recent[-1][0]
            motion = shared * (item.index - last) / (item.index - first)
        self._recent.append((item.index, now))
        return motion


def common_motion(before: dict[int, FloatArray], now: dict[int, FloatArray]) -> complex:
    """What most people's boxes (id -> xyxy) moved by alike, px as x + iy; 0 where too few do."""
    both = [k for k in now if k in before]
    if len(both) < LEAST_PEOPLE:
        return 0j
    old, new = np.array([before[k] for k in both]), np.array([now[k] for k in both])
    moved = ((new[:, :2] + new[:, 2:]) - (old[:, :2] + old[:, 2:])) / 2
    heights = np.maximum(new[:, 3] - new[:, 1], 1.0)
    common = np.median(moved, axis=0)
    length = float(np.hypot(*common))
    if length < LEAST_SPEED * float(np.median(heights)):
        return 0j
    tolerance = np.maximum(ALIKE * length, JITTER * heights)
    alike = np.linalg.norm(moved - common, axis=1) < tolerance
    # People who walk the same way move by their own heights: near ones faster than far ones.
    by_height = common * (heights / float(np.median(heights)))[:, None]
    walking = np.linalg.norm(moved - by_height, axis=1) < tolerance
    if alike.mean() < LEAST_SHARE or walking.sum() >= alike.sum():
        return 0j
    shared = np.median(moved[alike], axis=0)
    return complex(shared[0], shared[1])


def similarity(homography: FloatArray) -> tuple[complex, complex]:
    """The turn and shift that are nearest to a homography (3, 3) of small perspective."""
    h = np.asarray(homography, np.float64) / homography[2, 2]
    turn = complex(h[0, 0] + h[1, 1], h[1, 0] - h[0, 1]) / 2
    return turn, complex(h[0, 2], h[1, 2])
