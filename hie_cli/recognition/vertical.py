"""Which way is up at each place of the image, learned from people who walk.

Whoever walks is upright, so the line from hips to shoulders of a walking person points, in a
camera without distortion, through the image of the vertical direction: one point V for the whole
picture (its vertical vanishing point; R. Hartley, A. Zisserman, Multiple View Geometry, 8.6). A
camera that looks level has V infinitely far below; under a ceiling camera V lies in the picture and
"up" points away from it on all sides.
"""

import numpy as np

from hie_cli.types import FloatArray, VideoInfo


class Vertical:
    """A running least-squares estimate of V = (x, y, w), homogeneous, in units of the image.

    ``trust`` is how many person-seconds of walking weigh as much as the assumption that image up is
    up. The state is a 3x3 matrix and a 3-vector, however long the video.
    """

    def __init__(self, video: VideoInfo, trust: float) -> None:
        self._middle = np.array([video.width, video.height], np.float64) / 2
        self._unit = max(video.width, video.height, 1) / 2
        self._squares = np.zeros((3, 3))
        self._sides = np.zeros(3)
        grid = np.array([(x, y) for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0)])
        share = np.full(len(grid), trust / len(grid))
        self._add(grid * self._middle / self._unit, np.tile((0.0, -1.0), (len(grid), 1)), share)

    def observe(self, points: FloatArray, axes: FloatArray, seconds: FloatArray) -> None:
        """People at ``points`` (K, 2) pixels whose unit body axis (K, 2) points from feet to head,
        each seen for ``seconds`` (K,)."""
        self._add((points - self._middle) / self._unit, axes, seconds)

    def _add(self, points: FloatArray, axes: FloatArray, weights: FloatArray) -> None:
        normals = np.stack((-axes[:, 1], axes[:, 0]), 1)
        # normal . (V_xy - w p) = 0 for a line through p along the axis: linear in V.
        across = np.column_stack((normals, -(normals * points).sum(1)))
        along = np.column_stack((axes, -(axes * points).sum(1)))
        self._squares += (across * weights[:, None]).T @ across
        self._sides += weights @ along

    def up(self, points: FloatArray) -> FloatArray:
        """Unit vectors (K, 2) that point upward in the scene at ``points`` (K, 2) pixels."""
        v = np.linalg.eigh(self._squares)[1][:, 0]
        v = v if v @ self._sides >= 0 else -v
        direction = v[:2] - v[2] * (np.asarray(points, np.float64) - self._middle) / self._unit
        length = np.linalg.norm(direction, axis=1, keepdims=True)
        upright: FloatArray = np.where(length > 1e-6, direction / np.maximum(length, 1e-6), (0, -1))
        return upright
