"""Where a video cuts from one shot to the next, found while its frames pass by once."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import Image
from hie_cli.video.images import reduced

_LONG_SIDE = 128
_WINDOW = 3  # frames on each side that a change is compared with


@dataclass(frozen=True)
class ShotSettings:
    """How cuts are found and shots bounded.

    least_change: mean change of a cut's hue, saturation and value, 0..255 · ratio: how many times
    the mean change of the three frames before and after it · shortest, longest: seconds; a longer
    shot is divided evenly (one camera that never cuts would be one shot of hours).
    """

    least_change: float = 15.0
    ratio: float = 3.0
    shortest: float = 0.6
    longest: float = 20.0


@dataclass(frozen=True)
class Shot:
    """Frames ``start <= index < end``."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


class ShotCutter:
    """Frame by frame in, shots out: ``add`` gives the shots that have ended, ``finish`` the rest.

    A cut is a frame that differs from the one before by far more than its neighbours do, so that
    a moving camera or a crowd in motion is none.
    """

    def __init__(self, fps: float, settings: ShotSettings = ShotSettings()) -> None:
        self.settings = settings
        self.shortest = max(1, round(settings.shortest * fps))
        self.longest = max(self.shortest, round(settings.longest * fps))
        self._before: NDArray[np.int16] | None = None
        self._changes: deque[float] = deque(maxlen=2 * _WINDOW + 1)
        self._first = 0  # of the shot that is open
        self._count = 0

    def add(self, image: Image) -> Iterator[Shot]:
        """The next frame (H, W, 3) uint8 BGR."""
        now = _thumbnail(image)
        before, self._before = self._before, now
        change = 0.0
        if before is not None and before.shape == now.shape:
            difference = np.abs(now - before)
            hue = difference[..., 0]
            difference[..., 0] = np.minimum(hue, 180 - hue)
            change = float(difference.mean())
        self._changes.append(change)
        self._count += 1
        if len(self._changes) == self._changes.maxlen:
            yield from self._decide(_WINDOW)

    def finish(self) -> Iterator[Shot]:
        """After the last frame."""
        waiting = min(_WINDOW, len(self._changes) - 1)
        for behind in range(waiting, 0, -1):
            yield from self._decide(len(self._changes) - behind)
        if self._count > self._first:
            yield from self._divided(self._count)

    def _decide(self, place: int) -> Iterator[Shot]:
        """Whether the frame at ``place`` among the last changes begins a shot."""
        changes = list(self._changes)
        frame = self._count - len(changes) + place
        here = changes.pop(place)
        near = max(float(np.mean(changes)), 1.0) if changes else 1.0
        settings = self.settings
        cut = here >= settings.least_change and here >= settings.ratio * near
        if cut and frame - self._first >= self.shortest:
            yield from self._divided(frame)

    def _divided(self, end: int) -> Iterator[Shot]:
        parts = -(-(end - self._first) // self.longest)
        borders = np.linspace(self._first, end, parts + 1).round().astype(int).tolist()
        yield from (Shot(a, b) for a, b in pairwise(borders))
        self._first = end


def _thumbnail(image: Image) -> NDArray[np.int16]:
    """Hue, saturation and value of the frame, made small."""
    import cv2

    return cv2.cvtColor(reduced(image, _LONG_SIDE), cv2.COLOR_BGR2HSV).astype(np.int16)
