"""The camera's motion told by the pixels of the background, from one frame to the next."""

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray

Floats = NDArray[np.float64]
GRID = 16  # px between the background points of the reduced frame
LEAST_POINTS = 24
STILL = 0.5  # px of the reduced frame: a camera that moved its corners less stood still


def background_motion(field: FloatArray, scale: float, boxes: FloatArray) -> Floats | None:
    """Homography (3, 3) from the previous frame's pixels to this one's; the identity where the
    camera stood still, None where the background does not tell.

    field (h, w, 2): flow from this frame back to the previous one, px of frames reduced by
    ``scale``. Fitted (RANSAC) to it at grid points outside of all people ``boxes`` (N, 4) xyxy px.
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
        return np.eye(3)
    cv2.setRNGSeed(0)
    matrix, inliers = cv2.findHomography(there, here, cv2.RANSAC, 1.0)
    if matrix is None or inliers.mean() < 0.5:
        return None
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64)
    moved = corners @ matrix.T
    shift = np.abs(moved[:, :2] / moved[:, 2:] - corners[:, :2]).max()
    if not np.isfinite(shift) or shift > max(height, width) / 2:
        return None
    if shift < STILL:
        return np.eye(3)
    up = np.diag([1 / scale, 1 / scale, 1.0])
    homography: Floats = up @ matrix @ np.linalg.inv(up)
    return homography
