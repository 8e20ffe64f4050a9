"""Lines and areas in the picture, and how its ground is measured: the file of zones.

size: [768, 576]          # of the frame they were drawn on, in pixels
frame: 0                  # which frame that was, for cameras that move
lines:
  door: [[100, 200], [300, 220]]
zones:
  hall: [[10, 10], [200, 10], [200, 300], [10, 300]]
ground:                   # optional: four or more points of the ground, in pixels and metres
  pixels: [[100, 200], [300, 200], [350, 400], [50, 400]]
  metres: [[0, 0], [4, 0], [4, 6], [0, 6]]
# or, instead of points: ground: {homography: [[...], [...], [...]]}, pixels to metres
"""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.config import build
from hie_cli.core.errors import InputError
from hie_cli.core.text import printable
from hie_cli.core.types import VideoInfo
from hie_cli.core.yaml_files import Origin, read_yaml
from hie_cli.formats.files import atomic_write

Floats = NDArray[np.float64]
Point = tuple[float, float]
_LONGEST_NAME = 60
_MOST = 200  # lines, areas, or corners of one
_LARGEST = 1e6  # pixels or metres


@dataclass(frozen=True)
class Ground:
    """How pixels become metres on the ground: points (K, 2) in both, or the homography (3, 3)."""

    pixels: tuple[Point, ...] = ()
    metres: tuple[Point, ...] = ()
    homography: tuple[tuple[float, float, float], ...] = ()

    def __post_init__(self) -> None:
        if bool(self.homography) == bool(self.pixels or self.metres):
            raise ValueError("ground: give either pixels and metres, or homography")
        if self.homography:
            matrix = np.array(self.homography)
            if matrix.shape != (3, 3) or abs(np.linalg.det(matrix)) < 1e-12:
                raise ValueError("ground.homography: expected 3 rows of 3 numbers, invertible")
            return
        if len(self.pixels) != len(self.metres) or len(self.pixels) < 4:
            raise ValueError(
                f"ground: {len(self.pixels)} points in pixels and {len(self.metres)} in metres; "
                "give the same 4 or more in both"
            )

    def matrix(self) -> Floats:
        """Pixels to metres (3, 3). Raises ValueError for points of which three are on one line."""
        if self.homography:
            return np.array(self.homography)
        return homography(np.array(self.pixels), np.array(self.metres))


@dataclass(frozen=True)
class Zones:
    """Lines (two points each) and areas (three or more) by name, in pixels of frame ``frame``.

    size (width, height): of the video they were drawn on; other sizes are scaled.
    """

    size: tuple[int, int] | None = None
    frame: int = 0
    lines: dict[str, tuple[Point, ...]] = field(default_factory=dict)
    zones: dict[str, tuple[Point, ...]] = field(default_factory=dict)
    ground: Ground | None = None

    def __post_init__(self) -> None:
        if self.size is not None and min(self.size) < 1:
            raise ValueError("size: expected width and height in pixels")
        if self.frame < 0:
            raise ValueError(f"frame: {self.frame}; expected 0 or more")
        for kind, shapes, least, most in (
            ("lines", self.lines, 2, 2),
            ("zones", self.zones, 3, _MOST),
        ):
            if len(shapes) > _MOST:
                raise ValueError(f"{kind}: more than {_MOST}")
            for name, points in shapes.items():
                _check_shape(f"{kind}.{printable(name)}", name, points, least, most)
        if self.ground is not None:
            self.ground.matrix()

    def scaled(self, video: VideoInfo) -> "Zones":
        """The same in pixels of ``video``."""
        if self.size in (None, (video.width, video.height)):
            return self
        assert self.size is not None
        factor = (video.width / self.size[0], video.height / self.size[1])

        def moved(points: tuple[Point, ...]) -> tuple[Point, ...]:
            return tuple((x * factor[0], y * factor[1]) for x, y in points)

        ground = self.ground
        if ground is not None:
            shrink = np.diag([1 / factor[0], 1 / factor[1], 1.0])
            rows = (ground.matrix() @ shrink).tolist()
            ground = Ground(homography=tuple((row[0], row[1], row[2]) for row in rows))
        return replace(
            self,
            size=(video.width, video.height),
            lines={name: moved(points) for name, points in self.lines.items()},
            zones={name: moved(points) for name, points in self.zones.items()},
            ground=ground,
        )


def _check_shape(key: str, name: str, points: tuple[Point, ...], least: int, most: int) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or name != printable(name, keep=""):
        raise ValueError(f"{key}: a name has 1 to {_LONGEST_NAME} visible characters")
    if not least <= len(points) <= most:
        wanted = f"{least}" if least == most else f"{least} or more"
        raise ValueError(f"{key}: {len(points)} points; expected {wanted}")
    if np.abs(np.array(points)).max() > _LARGEST:
        raise ValueError(f"{key}: a coordinate beyond {_LARGEST:g}")
    if least == 2 and points[0] == points[1]:
        raise ValueError(f"{key}: both points are the same")
    if least > 2 and polygon_area(np.array(points)) == 0:
        raise ValueError(f"{key}: its points are on one line")


def read_zones(path: Path) -> Zones:
    """The zones of a YAML file. Raises InputError naming file, line and fix."""
    values, origin = read_yaml(path, InputError)
    for key in ("lines", "zones"):
        if values.get(key) is None:  # a heading under which nothing stands
            values.pop(key, None)
    return build(Zones, values, origin)


def zones_from(values: dict[str, Any], origin: str) -> Zones:
    """The zones of plain values, such as parsed JSON. Raises InputError naming ``origin``."""
    return build(Zones, values, Origin(origin, {}, InputError))


def write_zones(path: Path, zones: Zones) -> None:
    """Write zones as YAML that ``read_zones`` reads. Raises ConfigError as ``atomic_write``."""
    with atomic_write(path) as file:
        file.write(zones_text(zones))


def zones_text(zones: Zones) -> str:
    """The YAML of a file of zones."""
    lines = []
    if zones.size is not None:
        lines += ["# Pixels of the frame that the points lie on.", f"size: {list(zones.size)}"]
    lines.append(f"frame: {zones.frame}")
    for key, shapes, words in (
        ("lines", zones.lines, "Two points each; `in` is from the left to the right of the way "
         "from the first to the second."),
        ("zones", zones.zones, "Corners of areas, in order."),
    ):  # fmt: skip
        lines.append(f"# {words}")
        lines.append(f"{key}:" if shapes else f"{key}: {{}}")
        # A JSON text is a YAML one, whatever a name holds.
        lines += [
            f"  {json.dumps(name, ensure_ascii=False)}: {_numbers(points)}"
            for name, points in shapes.items()
        ]
    ground = zones.ground
    if ground is not None:
        lines += ["# From pixels to metres on the ground.", "ground:"]
        if ground.homography:
            lines.append(f"  homography: {json.dumps([list(row) for row in ground.homography])}")
        else:
            lines.append(f"  pixels: {_numbers(ground.pixels)}")
            lines.append(f"  metres: {_numbers(ground.metres)}")
    return "\n".join(lines) + "\n"


def _numbers(points: tuple[Point, ...]) -> str:
    return json.dumps([[round(x, 3), round(y, 3)] for x, y in points])


def homography(source: Floats, target: Floats) -> Floats:
    """The homography (3, 3) from points (K >= 4, 2) to points (K, 2), least squares.

    The direct linear transform with normalised points (Hartley and Zisserman, Multiple View
    Geometry, 2nd edition, algorithm 4.2). Raises ValueError where it is not determined.
    """
    (a, to_a), (b, to_b) = _normalised(source), _normalised(target)
    rows = []
    for (x, y), (u, v) in zip(a, b, strict=True):
        rows.append([-x, -y, -1, 0, 0, 0, u * x, u * y, u])
        rows.append([0, 0, 0, -x, -y, -1, v * x, v * y, v])
    _, values, right = np.linalg.svd(np.array(rows))
    if values[7] < 1e-9 * values[0]:
        raise ValueError("ground: three of the points lie on one line; give others")
    matrix: Floats = np.linalg.inv(to_b) @ right[-1].reshape(3, 3) @ to_a
    if abs(matrix[2, 2]) < 1e-12 or abs(np.linalg.det(matrix)) < 1e-12:
        raise ValueError("ground: the points give no plane; give others")
    normal: Floats = matrix / matrix[2, 2]
    return normal


def _normalised(points: Floats) -> tuple[Floats, Floats]:
    """Points with mean 0 and mean distance sqrt(2), and the matrix that made them so."""
    middle = points.mean(axis=0)
    spread = float(np.linalg.norm(points - middle, axis=1).mean())
    if spread == 0:
        raise ValueError("ground: all points are the same")
    scale = np.sqrt(2) / spread
    matrix = np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])
    return (points - middle) * scale, matrix


def polygon_area(points: Floats) -> float:
    """The area of a polygon (K, 2), in squares of its units (shoelace formula)."""
    x, y = points[:, 0], points[:, 1]
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def inside(points: Floats, polygon: Floats) -> NDArray[np.bool_]:
    """Which points (N, 2) lie in a polygon (K, 2), by the parity of crossings (even-odd rule)."""
    x, y = points[:, :1], points[:, 1:]
    (x1, y1), (x2, y2) = polygon.T, np.roll(polygon, -1, axis=0).T
    spans = (y1 > y) != (y2 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = x < (x2 - x1) * (y - y1) / (y2 - y1) + x1
    result: NDArray[np.bool_] = (spans & crossing).sum(axis=1) % 2 == 1
    return result
