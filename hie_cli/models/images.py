"""Cutting images for networks, and the way back to image pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.types import Image


@dataclass(frozen=True)
class Letterbox:
    """A whole image scaled to (height, width) in the top-left corner of a padded input."""

    height: int
    width: int
    padded_height: int
    padded_width: int
    per_pixel: NDArray[np.float32]  # (2,) image pixels per input pixel, x and y

    @classmethod
    def fit(cls, image_hw: tuple[int, int], long_side: int, multiple: int = 32) -> "Letterbox":
        """Scale the longer side to ``long_side``, pad right and bottom to ``multiple``."""
        scale = long_side / max(image_hw)
        height, width = (max(1, round(side * scale)) for side in image_hw)
        padded = [-(-side // multiple) * multiple for side in (height, width)]
        per_pixel = np.array([image_hw[1] / width, image_hw[0] / height], np.float32)
        return cls(height, width, padded[0], padded[1], per_pixel)

    def batch(self, images: Sequence[Image]) -> Image:
        """(N, padded height, padded width, 3) uint8, black where padded."""
        batch = np.zeros((len(images), self.padded_height, self.padded_width, 3), np.uint8)
        for target, image in zip(batch, images, strict=True):
            target[: self.height, : self.width] = shrink(image, self.height, self.width)
        return batch


def shrink(image: Image, height: int, width: int) -> Image:
    """``image`` at another size: averaged over area where that halves it or more, else bilinear."""
    if image.shape[:2] == (height, width):
        return image
    halved = image.shape[0] >= 2 * height and image.shape[1] >= 2 * width
    method = cv2.INTER_AREA if halved else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


def squares(boxes: NDArray[np.floating], context: float) -> NDArray[np.int64]:
    """Whole-pixel squares (N, 3) x, y, side about boxes (N, 4), ``context`` x their longer side."""
    b = np.asarray(boxes, np.float64).reshape(-1, 4)
    side = np.maximum(np.ceil((b[:, 2:] - b[:, :2]).max(1, initial=1.0) * context), 2)
    corner = np.round((b[:, :2] + b[:, 2:]) / 2 - side[:, None] / 2)
    return np.concatenate((corner, side[:, None]), 1).astype(np.int64)


def cut(image: Image, square: NDArray[np.int64], size: int) -> Image:
    """The square x, y, side of ``image`` at (size, size), black outside the image."""
    x, y, side = (int(v) for v in square)
    height, width = image.shape[:2]
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + side, width), min(y + side, height)
    if right <= left or bottom <= top:
        return np.zeros((size, size, 3), np.uint8)
    part = image[top:bottom, left:right]
    if part.shape[:2] != (side, side):
        border = (top - y, y + side - bottom, left - x, x + side - right)
        part = cv2.copyMakeBorder(part, *border, cv2.BORDER_CONSTANT)
    return shrink(part, size, size)


def by_shape(images: Sequence[Image]) -> Iterator[list[int]]:
    """Indices of images of equal size, in order of first appearance."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, image in enumerate(images):
        groups.setdefault(image.shape, []).append(index)
    yield from groups.values()
