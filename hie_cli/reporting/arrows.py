"""Flows between the borders of a picture as arrows, in the coordinates of an SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.reporting.places import WITHIN, Flow

WIDTH = 480
_MOST = 12  # arrows drawn; the table has all
_THINNEST, _THICKEST = 2.0, 12.0
_TIP = 14.0  # pixels that an arrow ends before its border


@dataclass(frozen=True)
class Arrow:
    """A curve, how thick, its tip as a polygon, and where its number is written."""

    path: str
    tip: str
    width: str
    x: str
    y: str
    text: str


def height_of(width: int, height: int) -> int:
    """The height of the drawing of a picture of this size."""
    return max(60, round(WIDTH * height / width))


def arrows(flows: Sequence[Flow], height: int) -> tuple[Arrow, ...]:
    """The commonest flows between two different places, in a picture of WIDTH x ``height``."""
    drawn = [flow for flow in flows if flow.start != flow.end][:_MOST]
    most = max((flow.count for flow in drawn), default=1)
    return tuple(_arrow(flow, flow.count / most, height) for flow in drawn)


def _arrow(flow: Flow, share: float, height: int) -> Arrow:
    size = np.array([WIDTH, height], float)
    places = {
        "left": np.array([0.0, 0.5]),
        "right": np.array([1.0, 0.5]),
        "top": np.array([0.5, 0.0]),
        "bottom": np.array([0.5, 1.0]),
        WITHIN: np.array([0.5, 0.5]),
    }
    start, end = places[flow.start] * size, places[flow.end] * size
    along = (end - start) / np.linalg.norm(end - start)
    across = np.array([-along[1], along[0]])
    # To the right of the way, so that there and back lie beside each other.
    start, end = start + 16 * across + 8 * along, end + 16 * across - _TIP * along
    bend = (start + end) / 2 + 0.12 * np.linalg.norm(end - start) * across
    width = _THINNEST + (_THICKEST - _THINNEST) * share
    heading = (end - bend) / np.linalg.norm(end - bend)
    side = np.array([-heading[1], heading[0]]) * (width / 2 + 5)
    tip = [end + heading * (width + 4), end + side, end - side]
    middle = (start + 2 * bend + end) / 4
    return Arrow(
        f"M{_pair(start)} Q{_pair(bend)} {_pair(end)}",
        " ".join(map(_pair, tip)),
        f"{width:.1f}",
        f"{middle[0]:.1f}",
        f"{middle[1]:.1f}",
        str(flow.count),
    )


def _pair(point: np.ndarray) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
