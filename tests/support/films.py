"""Small videos, written here: coloured scenes, and the bright squares of ``fakes`` on black."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np


def write_film(path: Path, images: Iterable[np.ndarray], fps: float = 10.0) -> Path:
    """Images (H, W, 3) of one size as a Motion JPEG; its path."""
    writer = None
    for image in images:
        if writer is None:
            size = image.shape[1], image.shape[0]
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
        writer.write(image)
    writer.release()
    return path


def walkers(t: int, step: int = 3, sway: int = 0, upper: bool = True, lower: bool = True):
    """Frame ``t`` (240, 320, 3) of two squares that walk past each other, ``step`` px a frame.

    sway: pixels that the upper one's head is lower · upper, lower: whether they are seen.
    """
    image = np.zeros((240, 320, 3), np.uint8)
    if upper:
        image[40 + sway : 100, 20 + step * t : 50 + step * t] = 255
    if lower:
        image[120:200, 260 - step * t : 300 - step * t] = 255
    return image


def one_square(left: int):
    """A picture (120, 160, 3) with a square."""
    image = np.zeros((120, 160, 3), np.uint8)
    image[20:80, left : left + 30] = 255
    return image


def pattern(seed, hue, size=(128, 96)):
    """A picture of coloured tiles about one hue."""
    generator = np.random.default_rng(seed)
    hsv = np.full((6, 8, 3), (hue, 200, 200), np.uint8)
    hsv[..., 2] = generator.integers(60, 255, (6, 8))
    return cv2.resize(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), size, interpolation=cv2.INTER_NEAREST)


def film(path, *scenes, frames=20, size=(128, 96)):
    """Scenes (seed, hue) of ``frames`` each at 10 frames a second."""
    pictures = [pattern(seed, hue, size) for seed, hue in scenes]
    return write_film(path, (np.roll(picture, k, 1) for picture in pictures for k in range(frames)))
