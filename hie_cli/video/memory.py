"""Frames that are no video file: image files in a given order, arrays, or what a camera gives."""

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import chain, islice
from pathlib import Path

import numpy as np

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import Frame, Image, VideoInfo
from hie_cli.video.frame_range import ALL_FRAMES, FrameRange
from hie_cli.video.images import read_image
from hie_cli.video.sources import FALLBACK_FPS


class ImageFiles:
    """Image files as pictures (H, W, 3) uint8 BGR, read when they are asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[Image]:
        return map(read_image, self._paths)


class MemorySource:
    """A source of frames like ``VideoSource``, over pictures (H, W, 3) uint8 BGR of one size.

    images: a list, an array (T, H, W, 3), or any iterable; one that can be iterated only once (a
    generator, a camera) is read as it comes and nothing of it is kept (``again`` is False) · fps:
    frames a second, 25 if None · name: the video's, in documents and records · frames: which of
    them to use. Raises InputError for no picture at all, or the first one being none.
    """

    def __init__(
        self,
        images: Iterable[Image],
        fps: float | None = None,
        name: str = "video",
        frames: FrameRange = ALL_FRAMES,
    ) -> None:
        self.path = Path(name)
        first = iter(images)
        self.again = first is not images
        begun = list(islice(first, 1))
        if not begun:
            raise InputError(f"{name}: holds no frame; give at least one image")
        height, width = self._checked(begun[0], 0, None).shape[:2]
        self._images: Iterable[Image] | None = images if self.again else chain(begun, first)
        count = len(images) if isinstance(images, Sized) else None
        self.info = VideoInfo(name, width, height, fps or FALLBACK_FPS, count)
        self.range = frames.at(self.info.fps)

    def __len__(self) -> int:
        """Number of frames that iteration is expected to yield; 0 if that is not known."""
        return self.range.count(self.info.num_frames) or 0

    def __iter__(self) -> Iterator[Frame]:
        """The frames. Raises ConfigError where they are asked for again and cannot be had."""
        if self._images is None:
            raise ConfigError(
                f"{self.info.name}: its frames can be read once only, and a stage looks at them "
                "again; give a list or a file"
            )
        images = self._images
        if not self.again:
            self._images = None
        return self._frames(images)

    def _frames(self, images: Iterable[Image]) -> Iterator[Frame]:
        size = (self.info.height, self.info.width)
        for index, image in enumerate(islice(images, self.range.end)):
            if index in self.range:
                yield Frame(index, self._checked(image, index, size))

    def _checked(self, image: Image, index: int, size: tuple[int, int] | None) -> Image:
        """``image``; raises InputError unless it is (H, W, 3) uint8 of that size."""
        picture = np.asarray(image)
        place = f"{self.path}: frame {index}"
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise InputError(
                f"{place}: shape {picture.shape} {picture.dtype}; expected (H, W, 3) uint8, BGR"
            )
        if size is not None and picture.shape[:2] != size:
            raise InputError(
                f"{place}: {picture.shape[1]}x{picture.shape[0]} pixels; the first frame has "
                f"{size[1]}x{size[0]}"
            )
        return picture
