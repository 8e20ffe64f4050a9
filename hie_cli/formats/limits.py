"""Bounds and conversions shared by the readers."""

import numpy as np
from numpy.typing import NDArray

# Beyond any video (9 hours at 30 fps); a frame number above it is a damaged file, and refusing it
# keeps one bad number from asking for a list of a billion frames.
MAX_FRAMES = 1_000_000
# Pixels; no image is that large, and float32 still keeps whole pixels there.
MAX_COORDINATE = 1e7
# Pixels of an image's width or height.
MAX_SIDE = 1_000_000
# Frames a second: from one frame in 11 days to cameras beyond any.
MIN_FPS, MAX_FPS = 1e-6, 1e6
# Any other number, such as a score; beyond it float32 overflows.
MAX_NUMBER = 1e30

# Frames of the 32 HiEve sequences, 1-19 train and 20-32 test (from readers of the released files).
HIEVE_FRAMES: dict[str, int] = {
    str(number): count
    for number, count in enumerate(
        (1798, 4819, 1434, 952, 2154, 3711, 911, 2641, 700, 3300, 217, 564, 1416, 1508, 475, 700)
        + (966, 1614, 3063)
        + (1809, 500, 700, 2556, 1409, 3070, 1705, 1054, 1052, 766, 954, 423, 879),
        start=1,
    )
}


def xywh_to_xyxy(boxes_xywh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes (N, 4) left, top, width, height -> xyxy."""
    b = boxes_xywh.reshape(-1, 4)
    return np.concatenate([b[:, :2], b[:, :2] + b[:, 2:]], axis=1)


def xyxy_to_xywh(boxes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Boxes (N, 4) xyxy -> left, top, width, height, in float64."""
    b = np.asarray(boxes, np.float64).reshape(-1, 4)
    return np.concatenate([b[:, :2], b[:, 2:] - b[:, :2]], axis=1)
