"""Which part of a video is drawn, and how large."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import note
from hie_cli.core.types import Image, VideoInfo
from hie_cli.rendering.settings import RenderConfig

# H.264 level 4.1 (ITU-T H.264, table A-1): macroblocks of 16 x 16 pixels a frame and a second.
_BLOCKS_A_FRAME = 8192
_BLOCKS_A_SECOND = 245_760
_LONGEST_SIDE = 4096  # sqrt(8 * 8192) macroblocks


@dataclass(frozen=True)
class View:
    """A rectangle of the video, drawn at ``scale``.

    x, y, source_width, source_height: the rectangle in pixels of the video; it may reach beyond the
    frame · width, height: of the picture that is drawn, even numbers, at most one pixel more than
    the rectangle needs.
    """

    x: int
    y: int
    source_width: int
    source_height: int
    scale: float
    width: int
    height: int

    @classmethod
    def whole(cls, image: Image) -> "View":
        """A picture as it is, of any size."""
        height, width = image.shape[:2]
        return cls(0, 0, width, height, 1.0, width, height)

    def points(self, points: NDArray[Any]) -> NDArray[Any]:
        """Points (..., 2) of the video as points of the picture."""
        drawn: NDArray[Any] = (points - np.array([self.x, self.y])) * self.scale
        return drawn

    def boxes(self, boxes: NDArray[Any]) -> NDArray[Any]:
        """Boxes (N, 4) of the video as boxes of the picture."""
        drawn: NDArray[Any] = (boxes - np.array([self.x, self.y] * 2)) * self.scale
        return drawn

    def picture(self, image: Image) -> Image:
        """A new picture (height, width, 3): the part of ``image``, black beyond its border."""
        bottom, right = self.y + self.source_height, self.x + self.source_width
        top, left = max(0, self.y), max(0, self.x)
        part = image[top : max(top, bottom), left : max(left, right)]
        missing = (
            max(0, -self.y),
            self.source_height - max(0, -self.y) - part.shape[0],
            max(0, -self.x),
            self.source_width - max(0, -self.x) - part.shape[1],
        )
        if any(missing):
            part = cv2.copyMakeBorder(part, *missing, cv2.BORDER_CONSTANT)
        if self.scale != 1:
            way = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_CUBIC
            return cv2.resize(part, (self.width, self.height), interpolation=way)
        right, bottom = self.width - part.shape[1], self.height - part.shape[0]
        if right or bottom:
            return cv2.copyMakeBorder(part, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        return part.copy()


def overlay_view(video: VideoInfo, config: RenderConfig, stride: int = 1) -> View:
    """What an overlay of ``video`` shows and how large; what differs from the settings is noted.

    Raises ConfigError for a crop outside of the video.
    """
    rectangle = rectangle_of(video, config.crop)
    view, scale = view_of(rectangle, config.scale, video.fps / stride / config.slow)
    drawn = f"{view.width}x{view.height}"
    if scale < config.scale:
        note(
            f"{video.name}: the overlay is {drawn}, the largest that H.264 level 4.1 (what "
            "browsers and phones play) takes at this frame rate"
        )
    elif (view.width, view.height) != rectangle[2:] and scale == 1:
        note(f"{video.name}: the overlay is {drawn}: odd sides are padded by one pixel")
    return view


def view_of(rectangle: tuple[int, int, int, int], scale: float, rate: float) -> tuple[View, float]:
    """The view of a rectangle x, y, width, height, and the scale that it has in the end.

    rate: frames a second. Sizes are even, for encoders halve the resolution of colours; at scale 1
    an odd one grows by a pixel. What is larger than H.264 level 4.1 allows, which browsers and
    phones play, is drawn smaller.
    """
    x, y, width, height = rectangle
    while not _fits(*_even(width, height, scale), rate):
        scale *= 0.99
    return View(x, y, width, height, scale, *_even(width, height, scale)), scale


def _even(width: int, height: int, scale: float) -> tuple[int, int]:
    if scale == 1:
        return width + width % 2, height + height % 2
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def _fits(width: int, height: int, rate: float) -> bool:
    blocks = -(-width // 16) * -(-height // 16)
    most = min(_BLOCKS_A_FRAME, _BLOCKS_A_SECOND / max(rate, 1.0))
    # A rate that even small pictures exceed is no reason to draw nothing.
    return (blocks <= most and max(width, height) <= _LONGEST_SIDE) or blocks <= 100


def rectangle_of(video: VideoInfo, crop: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The part of a video that ``crop`` (x, y, width, height; empty: all) names.

    Raises ConfigError for one that lies outside.
    """
    if not crop:
        return 0, 0, video.width, video.height
    x, y, width, height = crop
    if x >= video.width or y >= video.height:
        raise ConfigError(
            f"--crop {x},{y},{width},{height}: lies outside of {video.name}, which is "
            f"{video.width}x{video.height}"
        )
    return x, y, min(width, video.width - x), min(height, video.height - y)
