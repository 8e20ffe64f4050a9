"""Which way is up at each place of the image, learned from the people in it.

The line from feet to head of an upright person points, in a camera without distortion, through the
image of the vertical direction: one point V for the whole picture (its vertical vanishing point;
R. Hartley, A. Zisserman, Multiple View Geometry, 8.6). A camera that looks level has V infinitely
far below; under a ceiling camera V lies in the picture and "up" points away from it on all sides.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from hie_cli.core.types import FloatArray, VideoInfo


@dataclass(frozen=True)
class Evidence:
    """What some upright bodies say of V = (x, y, w), homogeneous.

    squares (3, 3): V' squares V is the sum of squared misses of V by the bodies' axes · sides (3,):
    sides . V > 0 if V has the sign that makes "up" point from feet to head.
    """

    squares: FloatArray
    sides: FloatArray

    def __add__(self, other: Self) -> "Evidence":
        return Evidence(self.squares + other.squares, self.sides + other.sides)

    def __sub__(self, other: Self) -> "Evidence":
        return Evidence(self.squares - other.squares, self.sides - other.sides)

    @property
    def weight(self) -> float:
        """Person-seconds of upright bodies that it comes from."""
        return float(np.trace(self.squares[:2, :2]))

    def times(self, weight: float) -> "Evidence":
        """The same, weighted."""
        return Evidence(self.squares * weight, self.sides * weight)


NOTHING = Evidence(np.zeros((3, 3)), np.zeros(3))


@dataclass(frozen=True)
class UprightField:
    """Image coordinates about the middle, half the longer side as unit."""

    middle: FloatArray
    unit: float

    @classmethod
    def of(cls, video: VideoInfo) -> "UprightField":
        """The view of a video."""
        size = np.array([video.width, video.height], np.float64)
        return cls(size / 2, max(float(size.max()), 1.0) / 2)

    def evidence(self, points: FloatArray, axes: FloatArray, weights: FloatArray) -> Evidence:
        """Of bodies at ``points`` (K, 2) pixels with unit ``axes`` (K, 2) from feet to head."""
        places = (np.asarray(points, np.float64) - self.middle) / self.unit
        normals = np.stack((-axes[:, 1], axes[:, 0]), 1)
        # normal . (V_xy - w p) = 0 for a line through p along the axis: linear in V.
        across = np.column_stack((normals, -(normals * places).sum(1)))
        along = np.column_stack((axes, -(axes * places).sum(1)))
        return Evidence((across * weights[:, None]).T @ across, weights @ along)

    def assumed(self, upright: float, level: float) -> Evidence:
        """The assumptions that image up is up, and that V is far away (w is small)."""
        grid = np.array([(x, y) for x in (0.0, 1.0, 2.0) for y in (0.0, 1.0, 2.0)]) * self.middle
        up = self.evidence(grid, np.tile((0.0, -1.0), (9, 1)), np.full(9, upright / 9))
        return Evidence(up.squares + np.diag((0.0, 0.0, level)), up.sides)

    def up(self, known: Evidence, points: FloatArray) -> FloatArray:
        """Unit vectors (K, 2) that point upward in the scene at ``points`` (K, 2) pixels."""
        v = np.linalg.eigh(known.squares)[1][:, 0]
        v = v if v @ known.sides >= 0 else -v
        places = (np.asarray(points, np.float64) - self.middle) / self.unit
        direction = v[:2] - v[2] * places
        length = np.linalg.norm(direction, axis=1, keepdims=True)
        upward: FloatArray = np.where(length > 1e-6, direction / np.maximum(length, 1e-6), (0, -1))
        return upward
