"""Where people have been: trails of the last seconds, and a heat map of places.

Both are kept in the coordinates of the frame at hand: where the camera moves, what was gathered
moves with the picture (``FramePeople.camera``), so that a trail lies on the ground that was walked.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import Image, People
from hie_cli.rendering.palette import identity_colour
from hie_cli.rendering.view import View

_KEY, _INDEX, _X, _Y = range(4)
_LONGEST_JUMP = 1.0  # seconds without anybody: the trail is not drawn across
_CELL = 8  # pixels of the video to a cell of the heat map
_SPREAD = 0.15  # of a person's height: how far around the feet somebody counts
_MOST_OPAQUE = 0.65
_LIFT = 0.4  # exponent: places where people walk show beside those where they stand


def ground_points(people: People) -> NDArray[np.float64]:
    """Where people touch the ground (N, 2): the middle of the lower side of their boxes."""
    boxes = people.boxes.astype(np.float64)
    return np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)


def moved(points: NDArray[np.float64], camera: NDArray[Any]) -> NDArray[np.float64]:
    """Points (N, 2) through a homography (3, 3)."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ np.asarray(camera, np.float64).T
    depth = np.where(np.abs(mapped[:, 2:]) < 1e-9, 1e-9, mapped[:, 2:])
    result: NDArray[np.float64] = mapped[:, :2] / depth
    return result


class Trails:
    """The way of every identity over the last ``seconds``."""

    def __init__(self, seconds: float, fps: float) -> None:
        self._frames, self._jump = seconds * fps, max(1.0, _LONGEST_JUMP * fps)
        self._rows = np.zeros((0, 4))

    def add(self, index: int, people: People, camera: NDArray[Any] | None) -> None:
        """Take in a frame: the older points move as the camera made the picture move."""
        rows = self._rows[self._rows[:, _INDEX] >= index - self._frames]
        if camera is not None and len(rows):
            rows[:, _X:] = moved(rows[:, _X:], camera)
        if people.track_ids is not None and len(people):
            when = np.full(len(people), float(index))
            rows = np.vstack(
                [rows, np.column_stack([people.track_ids, when, ground_points(people)])]
            )
        self._rows = rows

    def draw(self, image: Image, view: View, unit: int) -> None:
        """Draw every trail in its identity's colour; older parts are thinner."""
        if not len(self._rows):
            return
        newest = self._rows[:, _INDEX].max()
        order = np.lexsort((self._rows[:, _INDEX], self._rows[:, _KEY]))
        rows = self._rows[order]
        points = np.round(view.points(rows[:, _X:])).clip(-30_000, 30_000).astype(int)
        same = np.diff(rows[:, _KEY]) == 0
        near = np.diff(rows[:, _INDEX]) <= self._jump
        old = rows[1:, _INDEX] < newest - self._frames / 2
        for i in np.flatnonzero(same & near).tolist():
            thick = unit if old[i] else unit + 1
            start, end = points[i].tolist(), points[i + 1].tolist()
            colour = identity_colour(int(rows[i, _KEY]))
            cv2.line(image, start, end, colour, thick, cv2.LINE_AA)


class HeatMap:
    """How long people have been at each place so far, person-frames a cell."""

    def __init__(self, width: int, height: int) -> None:
        size = (-(-height // _CELL), -(-width // _CELL))
        self._grid: NDArray[Any] = np.zeros(size, np.float32)

    def add(self, people: People, camera: NDArray[Any] | None) -> None:
        """Take in a frame; with a camera that moved, what was gathered moves with the picture."""
        if camera is not None:
            to_pixels = np.diag([_CELL, _CELL, 1.0])
            matrix = np.linalg.inv(to_pixels) @ np.asarray(camera, np.float64) @ to_pixels
            self._grid = cv2.warpPerspective(
                self._grid, matrix, self._grid.shape[::-1], flags=cv2.INTER_LINEAR
            )
        rows, columns = self._grid.shape
        heights = people.boxes[:, 3] - people.boxes[:, 1]
        for (x, y), height in zip(ground_points(people) / _CELL, heights, strict=True):
            wide = max(0.7, _SPREAD * float(height) / _CELL)
            reach = int(3 * wide) + 1
            x1, y1 = max(0, int(x) - reach), max(0, int(y) - reach)
            x2, y2 = min(columns, int(x) + reach + 1), min(rows, int(y) + reach + 1)
            if x1 >= x2 or y1 >= y2:
                continue
            across = np.exp(-0.5 * ((np.arange(x1, x2) + 0.5 - x) / wide) ** 2)
            down = np.exp(-0.5 * ((np.arange(y1, y2) + 0.5 - y) / wide) ** 2)
            self._grid[y1:y2, x1:x2] += np.outer(down, across)

    def draw(self, image: Image, view: View) -> None:
        """Lay the map over the picture: the busier, the brighter and the less transparent."""
        most = float(self._grid.max())
        if most <= 0:
            return
        # The pixel (u, v) of the picture shows the cell (u / scale + x) / _CELL of the map.
        share = 1 / (view.scale * _CELL)
        matrix = np.array(
            [[share, 0, view.x / _CELL - 0.5], [0, share, view.y / _CELL - 0.5]], np.float64
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (image.shape[1], image.shape[0])
        share_of_most = cv2.warpAffine(self._grid / most, matrix, size, flags=flags).clip(0, 1)
        level = np.asarray(share_of_most) ** _LIFT
        # Inferno grows lighter throughout: it is read alike with any colour vision.
        colours = cv2.applyColorMap(np.round(level * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
        opacity = np.minimum(1.5 * level, 1)[..., None] * _MOST_OPAQUE
        image[:] = np.round(image * (1 - opacity) + colours * opacity).astype(np.uint8)
