"""Small videos of coloured scenes, written here."""

import cv2
import numpy as np


def pattern(seed, hue, size=(128, 96)):
    """A picture of coloured tiles about one hue."""
    generator = np.random.default_rng(seed)
    hsv = np.full((6, 8, 3), (hue, 200, 200), np.uint8)
    hsv[..., 2] = generator.integers(60, 255, (6, 8))
    return cv2.resize(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), size, interpolation=cv2.INTER_NEAREST)


def film(path, *scenes, frames=20, size=(128, 96)):
    """Scenes (seed, hue) of ``frames`` each at 10 frames a second."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, size)
    for seed, hue in scenes:
        picture = pattern(seed, hue, size)
        for k in range(frames):
            writer.write(np.roll(picture, k, 1))
    writer.release()
    return path
