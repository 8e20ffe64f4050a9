"""Lines and areas on a page: their drawing, counts, and who goes from which area to which."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hie_cli.analysis.measured import Measured
from hie_cli.analysis.rows import rows_of
from hie_cli.analysis.settings import DEFAULTS
from hie_cli.analysis.zones import Zones
from hie_cli.core.text import printable
from hie_cli.reporting.arrows import WIDTH, height_of


@dataclass(frozen=True)
class Shape:
    """A line or an area as SVG draws it: its points, its name and where that is written."""

    name: str
    points: str
    closed: bool
    x: str
    y: str


@dataclass(frozen=True)
class ZoneView:
    """Shapes, and tables of text: (names of columns, rows), empty where there is nothing."""

    shapes: tuple[Shape, ...]
    lines: tuple[tuple[str, ...], ...]
    areas: tuple[tuple[str, ...], ...]
    ways: tuple[tuple[str, ...], ...]


def zone_view(zones: Zones, measured: Measured) -> ZoneView:
    """What a page shows of ``zones`` and what was measured there."""
    video = measured.tracks.video
    shapes = zones.scaled(video)
    scale = (WIDTH / video.width, height_of(video.width, video.height) / video.height)
    rows = rows_of(measured, DEFAULTS)
    return ZoneView(
        tuple(
            _shape(name, points, closed, scale)
            for group, closed in ((shapes.zones, True), (shapes.lines, False))
            for name, points in group.items()
        ),
        tuple((_text(row["line"]), _text(row["in"]), _text(row["out"])) for row in rows["lines"]),
        tuple(
            tuple(
                _text(row[key])
                for key in (
                    "zone",
                    "mean_people",
                    "max_people",
                    "visitors",
                    "mean_dwell",
                    "max_dwell",
                )
            )
            for row in rows["zones"]
        ),
        tuple((a, b, str(count)) for (a, b), count in ways(measured).most_common()),
    )


def ways(measured: Measured) -> Counter[tuple[str, str]]:
    """How often somebody's stay in one area was followed by one in another."""
    stays: dict[int, list[tuple[float, str]]] = {}
    for place in measured.places:
        for visit in place.visits:
            stays.setdefault(visit.track_id, []).append((visit.start, visit.zone))
    found: Counter[tuple[str, str]] = Counter()
    for visits in stays.values():
        names = [printable(name, keep="") for _, name in sorted(visits)]
        found.update((a, b) for a, b in pairwise(names) if a != b)
    return found


def _shape(
    name: str, points: Sequence[tuple[float, float]], closed: bool, scale: tuple[float, float]
) -> Shape:
    drawn = [(x * scale[0], y * scale[1]) for x, y in points]
    x, y = (sum(values) / len(drawn) for values in zip(*drawn, strict=True))
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in drawn)
    return Shape(printable(name, keep=""), path, closed, f"{x:.1f}", f"{y:.1f}")


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else printable(str(value), keep="")
