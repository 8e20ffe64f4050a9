"""What is done to pictures to make them harder: blur along a line, somebody pasted in."""

import cv2
import numpy as np

from hie_cli.core.types import Image


def motion_blur(image: Image, length: int, rng: np.random.Generator) -> Image:
    """``image`` blurred along a random direction over ``length`` pixels."""
    angle = rng.uniform(0, np.pi)
    kernel = np.zeros((length, length), np.float32)
    middle = (length - 1) / 2
    end = np.array([np.cos(angle), np.sin(angle)]) * middle
    a, b = np.round(middle - end).astype(int), np.round(middle + end).astype(int)
    cv2.line(kernel, tuple(map(int, a)), tuple(map(int, b)), 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def paste(image: np.ndarray, patch: np.ndarray, x: int, y: int) -> None:
    """``patch`` onto ``image`` at (x, y), cut to an ellipse, roughly a person's outline."""
    height, width = patch.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (width // 2, height // 2), (width // 2, height // 2), 0, 0, 360, 255, -1)
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width, image.shape[1]), min(y + height, image.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    part = (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))
    target = image[y0:y1, x0:x1]
    target[mask[part] > 0] = patch[part][mask[part] > 0]
