"""Lines and areas over a picture, with who has crossed and who is inside."""

from collections import Counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hie_cli.analysis.crossings import IN, OUT, crossed, sides
from hie_cli.analysis.settings import DEFAULTS
from hie_cli.analysis.zones import Zones, inside
from hie_cli.core.types import Image, People
from hie_cli.rendering.labels import Rectangle, draw_text, label_size
from hie_cli.rendering.palette import BLACK, Colour, identity_colour
from hie_cli.rendering.trails import ground_points, moved
from hie_cli.rendering.view import View

_OPACITY = 0.22  # of areas
_PATIENCE = 5.0  # seconds: of whom was not seen for so long nobody knows on which side they are


class ZoneLayer:
    """Draws the zones of one video, frame after frame; counts are those so far.

    zones: in pixels of the video. Where the camera moves they are drawn from their own frame on, or
    from the first frame on if that comes later.
    """

    def __init__(self, zones: Zones, fps: float) -> None:
        self.zones, self._fps = zones, fps
        self._camera: NDArray[np.float64] = np.eye(3)  # from the zones' frame to the one at hand
        # Of each line and identity the rows (seconds, x, y, margin) since it was clearly on a side.
        self._ways: dict[tuple[str, int], list[tuple[float, float, float, float]]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._within: dict[str, int] = {}

    def add(self, index: int, people: People, camera: NDArray[Any] | None) -> None:
        """Take in a frame."""
        if camera is not None and index > self.zones.frame:
            self._camera = np.asarray(camera, np.float64) @ self._camera
        feet = moved(ground_points(people), np.linalg.inv(self._camera))
        self._within = {
            name: int(inside(feet, np.array(corners)).sum())
            for name, corners in self.zones.zones.items()
        }
        if people.track_ids is None:
            return
        seconds = index / self._fps
        margins = DEFAULTS.line_margin * (people.boxes[:, 3] - people.boxes[:, 1])
        for key, (x, y), margin in zip(
            people.track_ids.tolist(), feet.tolist(), margins.tolist(), strict=True
        ):
            for name in self.zones.lines:
                way = self._ways.setdefault((name, key), [])
                way.append((seconds, x, y, margin))
                self._cross(name, way)
        self._ways = {
            key: way for key, way in self._ways.items() if seconds - way[-1][0] <= _PATIENCE
        }

    def _cross(self, name: str, way: list[tuple[float, float, float, float]]) -> None:
        """Count whether the last step of a way has crossed a line; forget what is not needed."""
        rows, line = np.array(way), np.array(self.zones.lines[name], np.float64)
        if abs(sides(rows[-1:, 1:3], line)[0]) <= rows[-1, 3]:
            return
        for _, direction in crossed(rows[:, 1:3], rows[:, 0], line, rows[:, 3]):
            self._counts[name, direction] += 1
        del way[:-1]

    def draw(self, image: Image, view: View, unit: int, capital: int) -> list[Rectangle]:
        """Draw the zones; the rectangles of their names, which other labels keep free."""
        names: list[tuple[str, NDArray[np.int64], Colour]] = []
        for i, (name, corners) in enumerate(self.zones.zones.items()):
            points, colour = self._drawn(corners, view), identity_colour(i)
            filled = image.copy()
            cv2.fillPoly(filled, [points.reshape(-1, 1, 2)], colour)
            image[:] = cv2.addWeighted(filled, _OPACITY, image, 1 - _OPACITY, 0)
            cv2.polylines(image, [points.reshape(-1, 1, 2)], True, colour, unit, cv2.LINE_AA)
            names.append((f"{name}: {self._within.get(name, 0)}", points[0], colour))
        for i, (name, line) in enumerate(self.zones.lines.items()):
            points, colour = self._drawn(line, view), identity_colour(i)
            _draw_line(image, points, colour, unit)
            counts = [self._counts[name, direction] for direction in (IN, OUT)]
            names.append((f"{name}: {counts[0]} in, {counts[1]} out", points[0], colour))
        return [_write(image, text, point, colour, capital) for text, point, colour in names]

    def _drawn(self, points: Any, view: View) -> NDArray[np.int32]:
        places = view.points(moved(np.array(points, np.float64), self._camera))
        return np.round(places).clip(-30_000, 30_000).astype(np.int32)


def _draw_line(image: Image, points: NDArray[np.int32], colour: Colour, unit: int) -> None:
    start, end = points.tolist()
    cv2.line(image, start, end, BLACK, unit + 3, cv2.LINE_AA)
    cv2.line(image, start, end, colour, unit + 1, cv2.LINE_AA)
    # An arrow from its left to its right side: in.
    along = (points[1] - points[0]).astype(float)
    along /= max(float(np.hypot(*along)), 1e-9)
    across, middle = np.array([-along[1], along[0]]), points.mean(axis=0)
    size = 8 * (unit + 1)
    tail, tip = (np.round(middle + sign * across * size).astype(int).tolist() for sign in (-1, 1))
    cv2.arrowedLine(image, tail, tip, BLACK, unit + 3, cv2.LINE_AA, tipLength=0.4)
    cv2.arrowedLine(image, tail, tip, colour, unit + 1, cv2.LINE_AA, tipLength=0.4)


def _write(
    image: Image, text: str, point: NDArray[np.int64], colour: Colour, capital: int
) -> Rectangle:
    """A name at a point, moved inside the picture; its rectangle."""
    text = text.encode("ascii", "replace").decode()  # the one alphabet of OpenCV's letters
    width, height = label_size(text, capital)
    x = min(max(int(point[0]), 0), max(0, image.shape[1] - width))
    y = min(max(int(point[1]) - height, 0), max(0, image.shape[0] - height))
    draw_text(image, text, capital, (x, y), colour, 0.85)
    return x, y, x + width, y + height
