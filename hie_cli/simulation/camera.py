"""A camera above a ground plane: a pinhole, or a wide-angle lens that bends straight lines.

World metres: x right, y away from the camera, z up; the camera stands at (0, 0, height) and looks
along +y, tilted down by ``pitch``. Image pixels: x right, y down, origin at the top-left corner.
"""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.geometry import Floats
from hie_cli.simulation.style import Style, between

NEAR = 0.1  # metres; points nearer than this have no place in the image


@dataclass(frozen=True)
class Camera:
    """Image size in pixels, focal length in pixels, height in metres, downward tilt in radians.

    bend: 0 for a pinhole (image radius = focal * tan of the angle from the axis), 1 for an
    equidistant fisheye (focal * angle), between the two their mixture.
    """

    width: int
    height_px: int
    focal: float
    height: float
    pitch: float
    bend: float = 0.0

    def project(self, points: Floats) -> tuple[Floats, Floats]:
        """World points (..., 3) -> pixels (..., 2) and depth (...) in metres along the axis.

        A point behind the camera gets NaN pixels.
        """
        p = np.asarray(points, np.float64)
        c, s = np.cos(self.pitch), np.sin(self.pitch)
        x, y, z = p[..., 0], p[..., 1], p[..., 2] - self.height
        depth = y * c - z * s
        down = -y * s - z * c
        ahead = np.where(depth > NEAR, depth, np.nan)
        flat = np.stack([x / ahead, down / ahead], -1)
        if self.bend:
            slope = np.linalg.norm(flat, axis=-1, keepdims=True)
            flat *= 1 - self.bend + self.bend * _angle_over_slope(slope)
        return flat * self.focal + (self.width / 2, self.height_px / 2), depth

    def ground(self, pixels: Floats) -> Floats:
        """Pixels (..., 2) -> points (..., 3) where their rays meet the ground (NaN above it)."""
        p = np.asarray(pixels, np.float64)
        flat: Floats = (p - (self.width / 2, self.height_px / 2)) / self.focal
        if self.bend:
            flat = self._unbent(flat)
        right, down = flat[..., 0], flat[..., 1]
        c, s = np.cos(self.pitch), np.sin(self.pitch)
        sink = down * c + s  # how fast the ray goes down
        reach = np.where(sink > 1e-6, self.height / np.where(sink > 1e-6, sink, 1.0), np.nan)
        return np.stack([right * reach, (c - down * s) * reach, np.zeros_like(right)], -1)

    def _unbent(self, flat: Floats) -> Floats:
        """Where a pinhole would show (..., 2), in focal lengths from the middle."""
        radius = np.linalg.norm(flat, axis=-1, keepdims=True)
        slope = radius.copy()
        for _ in range(12):  # Newton: the radius grows with the slope, ever more slowly
            miss = (1 - self.bend) * slope + self.bend * np.arctan(slope) - radius
            slope = np.maximum(slope - miss / (1 - self.bend + self.bend / (1 + slope**2)), 0)
        unbent: Floats = flat * np.where(radius > 1e-9, slope / np.maximum(radius, 1e-9), 1.0)
        return unbent

    @property
    def horizon(self) -> float:
        """Image row of the horizon in pixels."""
        return self.height_px / 2 - self.focal * float(np.tan(self.pitch))

    def half_width(self, y: float) -> float:
        """Half of the width in metres that the image spans on the ground at distance ``y``."""
        depth = y * np.cos(self.pitch) + self.height * np.sin(self.pitch)
        return float(depth * self.width / 2 / self.focal)


def _angle_over_slope(slope: Floats) -> Floats:
    """atan(s) / s, 1 at 0."""
    ratio: Floats = np.where(slope > 1e-9, np.arctan(slope) / np.maximum(slope, 1e-9), 1.0)
    return ratio


def draw_ceiling_camera(
    rng: np.random.Generator, width: int, height: int
) -> tuple[Camera, float, float]:
    """A wide-angle camera under a ceiling, looking steeply down, and the distances people keep.

    People stand in the picture along lines that meet below the camera: off the middle they lie
    sideways.
    """
    stand = float(rng.uniform(3.0, 8.0))
    pitch = float(np.radians(rng.uniform(35.0, 80.0)))
    focal = width * float(rng.uniform(0.4, 0.75))
    camera = Camera(width, height, focal, stand, pitch, float(rng.uniform(0.0, 1.0)))
    half = float(np.arctan2(height / 2, focal))
    steepest = min(pitch + 0.9 * half, np.radians(85.0))
    flattest = max(pitch - 0.8 * half, np.radians(12.0))
    near, far = stand / np.tan(steepest), min(stand / np.tan(flattest), 4 * stand)
    return camera, float(near), float(max(far, near + 2.0))


def draw_camera(
    rng: np.random.Generator, style: Style, width: int, height: int
) -> tuple[Camera, float, float]:
    """A camera of this style, and the nearest and farthest distance (metres) people keep.

    The tilt puts the middle of that range a little below the middle of the image.
    """
    stand = between(style.elevation, 1.6, 9.0)
    focal = width * float(rng.uniform(0.55, 1.15))
    # A person 1.7 m tall in the middle of the range takes this share of the image's height.
    share = between(style.distance, 0.42, 0.13)
    middle = max(1.7 * focal / (share * height), 0.4 * stand)
    pitch = float(np.arctan2(stand - 0.9, middle) - rng.uniform(-0.02, 0.05))
    near, far = 0.72 * middle, 1.6 * middle
    return Camera(width, height, focal, stand, pitch), near, far
