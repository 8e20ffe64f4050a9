"""The pixels round a moving frame of a video, for recognisers that look at them.

The pixels come from an own pass over the video, pulled on as the windows ask for them; only the
frames round the present window are held, shrunk to the size that the network wants.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from hie_cli.core.errors import InputError
from hie_cli.core.types import Frame, Image, IntArray, VideoInfo
from hie_cli.recognition.learned.pose_clips import Sampling
from hie_cli.recognition.window import frames_per_second


@dataclass(frozen=True)
class FrameRequest:
    """Which frames round a window's frame a network looks at, and their shorter side in pixels."""

    sampling: Sampling
    side: int

    def offsets(self, video: VideoInfo) -> IntArray:
        """The frames (T,) counted from the window's."""
        found: IntArray = np.round(self.sampling.times * frames_per_second(video)).astype(np.int64)
        return found


@dataclass(frozen=True)
class FrameCrop:
    """T images (h, w, 3) uint8 BGR of one size, and that size over the video's."""

    images: tuple[Image, ...]
    scale: float


def clip_size(video: VideoInfo, side: int) -> tuple[int, int]:
    """Width and height of a clip whose shorter side is ``side``; never larger than the video."""
    scale = min(1.0, side / min(video.width, video.height))
    return max(1, round(video.width * scale)), max(1, round(video.height * scale))


class Footage:
    """The frames of a video around a moving middle, as ``wanted``.

    ``frames`` come in order of their indices, gaps allowed; they are read once, no farther than
    asked for, and forgotten once the middle has left them behind.
    """

    def __init__(self, frames: Iterable[Frame], video: VideoInfo, wanted: FrameRequest) -> None:
        self._frames: Iterator[Frame] = iter(frames)
        self._held: deque[tuple[int, Image]] = deque()
        self._offsets = wanted.offsets(video)
        self._size = clip_size(video, wanted.side)
        self._scale = self._size[0] / video.width

    def __len__(self) -> int:
        """How many frames are held."""
        return len(self._held)

    def look(self, index: int) -> FrameCrop:
        """The frames around frame ``index``; at the video's ends the first or last one stands in.

        Indices must not fall from call to call. Raises InputError where the video has no frame near
        ``index``.
        """
        wanted = index + self._offsets
        while not self._held or self._held[-1][0] < wanted[-1]:
            frame = next(self._frames, None)
            if frame is None:
                break
            small = cv2.resize(frame.image, self._size, interpolation=cv2.INTER_AREA)
            self._held.append((frame.index, small))
            self._forget(int(wanted[0]))
        self._forget(int(wanted[0]))
        if not self._held or self._held[-1][0] < index:
            raise InputError(
                f"the video ends before frame {index} of the tracks; give the video they are from"
            )
        known = np.array([t for t, _ in self._held])
        right = np.clip(np.searchsorted(known, wanted), 0, len(known) - 1)
        left = np.maximum(right - 1, 0)
        rows = np.where(wanted - known[left] < known[right] - wanted, left, right)
        return FrameCrop(tuple(self._held[int(row)][1] for row in rows), self._scale)

    def _forget(self, first: int) -> None:
        """Drop what lies before frame ``first``, but the nearest before it."""
        while len(self._held) > 1 and self._held[1][0] <= first:
            self._held.popleft()
