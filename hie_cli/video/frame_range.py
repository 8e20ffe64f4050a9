"""Which frames of a video are used, by number, stride and span of time."""

import math
import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError

_MOMENT = 1e-4  # seconds: a frame shown at 9.99997 s begins the tenth second


@dataclass(frozen=True)
class FrameRange:
    """Which frames to use: ``first <= index < end`` (None: to the end), every ``stride``-th.

    begin, until: of these only those shown from ``begin`` on and before ``until``, seconds of the
    video; ``at`` turns them into frames.
    """

    first: int = 0
    end: int | None = None
    stride: int = 1
    begin: float | None = None
    until: float | None = None

    def __contains__(self, index: int) -> bool:
        inside = index >= self.first and (self.end is None or index < self.end)
        return inside and (index - self.first) % self.stride == 0

    def at(self, fps: float, times: NDArray[np.float64] | None = None) -> "FrameRange":
        """The same in frames of a video: by when each is shown (T,), else by the rate."""

        def index(seconds: float) -> int:
            if times is not None:
                return int(np.searchsorted(times, seconds - _MOMENT))
            return math.ceil((seconds - _MOMENT) * fps)

        first = self.first if self.begin is None else max(self.first, index(self.begin))
        ends = [self.end] if self.until is None else [self.end, index(self.until)]
        known = [end for end in ends if end is not None]
        return FrameRange(first, min(known) if known else None, self.stride)

    def count(self, num_frames: int | None) -> int | None:
        """How many of ``num_frames`` frames are used; None if that cannot be known."""
        ends = [end for end in (self.end, num_frames) if end is not None]
        return len(range(self.first, min(ends), self.stride)) if ends else None


ALL_FRAMES = FrameRange()


def parse_range(
    text: str, begin: str | float | None = None, end: str | float | None = None
) -> FrameRange:
    """``FIRST:END:STRIDE``, each part optional, as in a Python slice. Raises ConfigError.

    begin, end: of these frames only those of a span of time, "MM:SS", "HH:MM:SS" or seconds.
    """
    match = re.fullmatch(r"(\d*):(\d*)(?::(\d*))?", text)
    if match is None:
        raise ConfigError(f"--frames {text}: expected FIRST:END:STRIDE, for example 100:200 or ::2")
    first, last, stride = (int(part) if part else None for part in match.groups())
    chosen = FrameRange(first or 0, last, 1 if stride is None else stride)
    if chosen.stride < 1 or (last is not None and last <= chosen.first):
        raise ConfigError(
            f"--frames {text}: holds no frame; END > FIRST and STRIDE >= 1 are needed"
        )
    start, until = _seconds("--begin", begin), _seconds("--end", end)
    if start is not None and until is not None and start >= until:
        raise ConfigError(f"--end {end}: is not after --begin {begin}")
    return replace(chosen, begin=start, until=until)


def _seconds(option: str, text: str | float | None) -> float | None:
    """Seconds of "SS", "MM:SS" or "HH:MM:SS", each with decimals if wanted. Raises ConfigError."""
    if text is None:
        return None
    match = re.fullmatch(
        r"(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,7}(?:\.\d{1,6})?)", str(text).strip()
    )
    if match is None:
        raise ConfigError(f"{option} {text}: expected seconds, MM:SS or HH:MM:SS, such as 01:30")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds
