"""What the pixels between two frames tell of how people moved.

One dense flow a frame (DIS: Kroeger et al., ECCV 2016), at reduced size, from the present frame
back to the one before: where each person of *this* frame came from, so that nothing lies in the
future.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, Image
from hie_cli.flow.dis import dense_flow, reduced_scale

Field = NDArray[np.float32]
AGREEMENT = 0.25  # of the motion of one body's points: more spread is no common motion


class FlowMeter:
    """Flow from each frame back to the one before it, in reduced frames of ``size`` px."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self.before: Image | None = None

    def step(self, image: Image) -> tuple[Field | None, float]:
        """Back flow (h, w, 2) in reduced px of the new frame, None for the first one; and the
        reduced frame's scale.
        """
        scale = reduced_scale(image.shape, self.size)
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        if scale < 1:
            grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        before, self.before = self.before, grey
        if before is None or before.shape != grey.shape:
            return None, scale
        return dense_flow(self.method, grey, before), scale


def body_motion(field: Field, scale: float, boxes: FloatArray) -> NDArray[np.float32]:
    """How far each person moved since the frame before, (N, 2) px, NaN where flow cannot tell.

    The median over the middle of the box (trunk and thighs), with the back flow ``field`` (h, w, 2)
    of a frame reduced by ``scale``; NaN where its points disagree or lie outside.
    """
    height, width = field.shape[:2]
    moved = np.full((len(boxes), 2), np.nan, np.float32)
    for i, (x1, y1, x2, y2) in enumerate(np.asarray(boxes, np.float64) * scale):
        xs = x1 + (x2 - x1) * np.linspace(0.3, 0.7, 5)
        ys = y1 + (y2 - y1) * np.linspace(0.15, 0.65, 8)
        xs = xs[(xs >= 0) & (xs < width)].astype(int)
        ys = ys[(ys >= 0) & (ys < height)].astype(int)
        if len(xs) < 3 or len(ys) < 4:
            continue
        points = field[np.ix_(ys, xs)].reshape(-1, 2)
        middle = np.median(points, axis=0)
        spread = np.median(np.abs(points - middle))
        if spread <= 0.5 + AGREEMENT * np.hypot(*middle):
            moved[i] = -middle / scale
    return moved
