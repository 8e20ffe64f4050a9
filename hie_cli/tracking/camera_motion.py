"""What the pixels between two frames tell a tracker: how people moved, and how the camera did.

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
GRID = 16  # px between the background points of the reduced frame
LEAST_POINTS = 24
STILL = 0.5  # px of the reduced frame: a camera that moved its corners less stood still
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


def camera_motion(field: Field, scale: float, boxes: FloatArray) -> NDArray[np.float64] | None:
    """Homography (3, 3) from the previous frame's pixels to this one's; None = it stood still.

    Fitted (RANSAC) to the back flow ``field`` at grid points outside of all people ``boxes``.
    """
    height, width = field.shape[:2]
    background = np.ones((height, width), bool)
    for x1, y1, x2, y2 in np.asarray(boxes, np.float64) * scale:
        background[max(0, int(y1)) : max(0, int(y2) + 1), max(0, int(x1)) : max(0, int(x2) + 1)] = (
            False
        )
    ys, xs = np.mgrid[GRID // 2 : height : GRID, GRID // 2 : width : GRID].reshape(2, -1)
    free = background[ys, xs]
    ys, xs = ys[free], xs[free]
    if len(xs) < LEAST_POINTS:
        return None
    here = np.stack([xs, ys], axis=1).astype(np.float64)
    there = here + field[ys, xs]
    if np.median(np.abs(there - here).max(axis=1)) < STILL / 2:
        return None
    cv2.setRNGSeed(0)
    matrix, inliers = cv2.findHomography(there, here, cv2.RANSAC, 1.0)
    if matrix is None or inliers.mean() < 0.5:
        return None
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64)
    moved = corners @ matrix.T
    shift = np.abs(moved[:, :2] / moved[:, 2:] - corners[:, :2]).max()
    if not np.isfinite(shift) or not STILL <= shift <= max(height, width) / 2:
        return None
    up = np.diag([1 / scale, 1 / scale, 1.0])
    homography: NDArray[np.float64] = up @ matrix @ np.linalg.inv(up)
    return homography
