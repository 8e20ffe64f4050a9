"""OpenCV's DIS optical flow (Kroeger et al., ECCV 2016) on frames of any shape."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[Any]  # (H, W) uint8
Field = NDArray[np.float32]

_MIN_SIDE = 16  # pixels; DIS refuses frames narrower than 12
_MOST_OBLONG = 8  # longer side over shorter; DIS halves both until the shorter one is gone


def reduced_scale(image_hw: tuple[int, ...], long_side: int) -> float:
    """Factor, at most 1: the longer side comes to ``long_side``, the shorter to 16 or more."""
    wanted = max(long_side / max(image_hw[:2]), _MIN_SIDE / min(image_hw[:2]))
    return min(1.0, wanted)


def dense_flow(method: Any, first: Grey, second: Grey) -> Field:
    """Flow (H, W, 2) in pixels from ``first`` to ``second`` by an OpenCV ``DISOpticalFlow``.

    Strips are widened by their edge pixels for the computation.
    """
    height, width = first.shape
    least = max(height, width) // _MOST_OBLONG
    below, right = max(0, least - height), max(0, least - width)
    if below or right:
        first, second = (
            np.asarray(
                cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE), np.uint8
            )
            for image in (first, second)
        )
    start = np.zeros((*first.shape, 2), np.float32)
    return np.asarray(method.calc(first, second, start), np.float32)[:height, :width]
