"""How people use a scene: where they walk, wait, come in and go out, from the feet of all tracks.

One pass over the people in order of time; held are a grid of fixed size and, of everybody seen in
the last seconds, one record, so that memory does not grow with the video.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray, FramePeople, VideoInfo
from hie_cli.recognition.window import frames_per_second

USES = 4  # walking, waiting, coming in, going out
STILL = 0.25  # body heights a second below which a person waits
EDGE = 1.0  # seconds at the video's ends where tracks start and stop for no reason of the scene
STEP = 0.25  # seconds over which a person's motion is taken
GONE = 2.0  # seconds out of sight after which somebody has left


@dataclass
class _Stay:
    """Where somebody's feet were when last counted, and last of all; seconds and grid cells."""

    counted: float
    counted_at: FloatArray
    last: float
    last_at: FloatArray
    height: float


def uses(people: Iterable[FramePeople], video: VideoInfo, size: tuple[int, int]) -> FloatArray:
    """The densities (h, w, 4) of walking, waiting, coming in and going out; ``size`` is (h, w).

    Walking and waiting in persons per body area, averaged over time; coming in and going out in
    persons per second. People without an identity count nowhere: they have no motion.
    """
    grid = np.zeros((*size, USES), np.float32)
    scale, rate = size[1] / video.width, frames_per_second(video)
    present: dict[int, _Stay] = {}
    first = now = None
    for item in people:
        now = item.index / rate
        first = now if first is None else first
        for identity in [i for i, stay in present.items() if now - stay.last > GONE]:
            _splat(grid[..., 3], present.pop(identity), 1.0)
        ids = item.people.track_ids
        if ids is None:
            continue
        boxes = np.asarray(item.people.boxes, np.float64) * scale
        for identity, box in zip(ids.tolist(), boxes, strict=True):
            if identity < 0:
                continue
            feet, height = np.array([(box[0] + box[2]) / 2, box[3]]), max(box[3] - box[1], 1e-6)
            stay = present.get(identity)
            if stay is None:
                present[identity] = stay = _Stay(now, feet, now, feet, height)
                if now - first > EDGE:
                    _splat(grid[..., 2], stay, 1.0)
                continue
            stay.last, stay.last_at, stay.height = now, feet, height
            passed = now - stay.counted
            if passed >= STEP:
                speed = float(np.hypot(*(feet - stay.counted_at))) / passed / height
                _splat(grid[..., int(speed < STILL)], stay, passed)
                stay.counted, stay.counted_at = now, feet
    if first is None or now is None:
        return grid
    for stay in present.values():
        if now - stay.last > EDGE:
            _splat(grid[..., 3], stay, 1.0)
    seconds = now - first + 1 / rate
    grid[..., :2] /= seconds
    grid[..., 2:] /= max(seconds, 1.0)
    return grid


def _splat(plane: FloatArray, stay: _Stay, weight: float) -> None:
    """Add ``weight`` round somebody's feet, as wide as half a body and a quarter as high (the
    ground is seen at a slant); the peak is ``weight`` whatever the size of the body.
    """
    at, height = stay.last_at, stay.height
    wide, tall = max(1.0, 0.5 * height), max(1.0, 0.25 * height)
    h, w = plane.shape
    x1, x2 = int(max(0, at[0] - 2 * wide)), int(min(w, at[0] + 2 * wide + 1))
    y1, y2 = int(max(0, at[1] - 2 * tall)), int(min(h, at[1] + 2 * tall + 1))
    if x1 >= x2 or y1 >= y2:
        return
    x = (np.arange(x1, x2) + 0.5 - at[0]) / wide
    y = (np.arange(y1, y2) + 0.5 - at[1]) / tall
    plane[y1:y2, x1:x2] += weight * np.exp(-(y[:, None] ** 2 + x**2))
