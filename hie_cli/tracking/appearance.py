"""What people look like: colour histograms of horizontal stripes of their boxes.

Head, trunk, legs and feet are compared each with its own kind, in LAB, lightness coarser than
colour because light changes along a walk and clothes do not.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, Image

STRIPES = 4
ROWS, COLUMNS = 48, 16  # size of a patch, px: a stripe has 12 rows
COLOUR_BINS = 8  # of a and of b, jointly, between -32 and 32, the ends open
LIGHT_BINS = 8
MIDDLE = 0.6  # share of the box's width that is looked at: the rest is mostly background


def patches(image: Image, boxes: FloatArray) -> Image:
    """The middles of boxes (N, 4) xyxy px as patches (N, 48, 16, 3) BGR, cut at the frame's edge.

    A box outside of the image, or under 2 px, gives a black patch.
    """
    height, width = image.shape[:2]
    cut = np.zeros((len(boxes), ROWS, COLUMNS, 3), np.uint8)
    middle = np.array(boxes, np.float64).reshape(-1, 4)
    inset = (1 - MIDDLE) / 2 * (middle[:, 2] - middle[:, 0])
    middle[:, 0] += inset
    middle[:, 2] -= inset
    edges = np.clip(np.round(middle), 0, (width, height, width, height)).astype(int)
    for patch, (left, top, right, bottom) in zip(cut, edges.tolist(), strict=True):
        if right - left >= 2 and bottom - top >= 2:
            part = image[top:bottom, left:right]
            cv2.resize(part, (COLUMNS, ROWS), dst=patch, interpolation=cv2.INTER_AREA)
    return cut


def stripe_histograms(image: Image, boxes: FloatArray) -> NDArray[np.float32]:
    """Appearance (N, D) float32 of boxes (N, 4) xyxy px in a BGR image.

    Rows have unit length and are square roots of histograms, so that the dot product of two is
    their Bhattacharyya coefficient: 1 = alike, 0 = nothing in common.
    """
    count = len(boxes)
    bins = COLOUR_BINS**2 + LIGHT_BINS
    if count == 0:
        return np.zeros((0, STRIPES * bins), np.float32)
    cut = patches(image, boxes)
    lab = cv2.cvtColor(cut.reshape(count * ROWS, COLUMNS, 3), cv2.COLOR_BGR2LAB).astype(np.int64)
    light = lab[..., 0] * LIGHT_BINS // 256
    step = 64 // COLOUR_BINS
    a, b = np.clip((lab[..., 1:] - 96) // step, 0, COLOUR_BINS - 1).transpose(2, 0, 1)
    stripe = np.arange(count * STRIPES).repeat(ROWS // STRIPES * COLUMNS)
    index = np.concatenate(
        [
            stripe * bins + (a * COLOUR_BINS + b).ravel(),
            stripe * bins + COLOUR_BINS**2 + light.ravel(),
        ]
    )
    histogram = np.bincount(index, minlength=count * STRIPES * bins).reshape(count, -1)
    root = np.sqrt(histogram)
    unit: NDArray[np.float32] = (root / np.linalg.norm(root, axis=1, keepdims=True)).astype(
        np.float32
    )
    return unit
