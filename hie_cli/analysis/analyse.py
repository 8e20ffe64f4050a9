"""Figures of one or many tracked videos."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.analysis.actions import action_seconds
from hie_cli.analysis.crossings import IN, OUT, Crossing, crossings
from hie_cli.analysis.groups import Groups, groups
from hie_cli.analysis.motion import Motion, mean_of_known, motion
from hie_cli.analysis.places import Occupancy, occupancy
from hie_cli.analysis.settings import DEFAULTS, AnalysisConfig
from hie_cli.analysis.tracks import Floats, Tracks, gather
from hie_cli.analysis.zones import Zones, read_zones
from hie_cli.core.config import Files, Sets, load
from hie_cli.core.errors import InputError, input_error
from hie_cli.formats.documents.document import Document

Row = dict[str, Any]
_STAGES = ("action", "track")  # of a folder of results, the richest first
_LONG_ENOUGH = 1.0  # seconds: identities seen for less are often pieces of others
# The columns that every row of a table has, so that empty tables have them too.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "videos": ("video", "seconds", "identities", "identities_1s", "mean_people", "max_people"),
    "people": ("video", "track_id", "start", "end", "seconds_seen"),
    "actions": ("video", "track_id", "action", "minutes"),
    "groups": ("video", "size", "person_seconds"),
    "timeline": ("video", "start", "mean_people", "max_people"),
    "crossings": ("video", "line", "track_id", "seconds", "direction"),
    "lines": ("video", "line", "in", "out"),
    "zones": ("video", "zone", "mean_people", "max_people", "visits", "visitors",
              "mean_dwell", "max_dwell"),
    "visits": ("video", "zone", "track_id", "start", "end", "dwell"),
}  # fmt: skip

_OF_ZONES = ("crossings", "lines", "zones", "visits")  # there only where zones are given


@dataclass(frozen=True)
class Analysis:
    """Tables by name, each a list of rows of plain values; ``COLUMNS`` lists what they hold.

    Seconds count from the video's beginning; speeds are in body heights a second, and in metres a
    second where the ground is measured.
    """

    tables: Mapping[str, list[Row]]

    def to_record(self) -> dict[str, list[Row]]:
        """The tables as plain values that JSON can hold."""
        return {name: list(rows) for name, rows in self.tables.items()}


@dataclass(frozen=True)
class Measured:
    """What was measured of one video, before it is put into tables."""

    tracks: Tracks
    motion: Motion
    groups: Groups
    actions: dict[int, dict[str, float]]
    crossings: tuple[Crossing, ...]
    places: tuple[Occupancy, ...]
    lines: tuple[str, ...]


def analyse(
    results: PathLike[str] | str | Sequence[PathLike[str] | str],
    *,
    zones: PathLike[str] | str | Zones | None = None,
    config: Files = None,
    set: Sets = None,
) -> Analysis:
    """Measure tracked people: counts, dwell times, crossings, speeds, groups, actions.

    results: a folder that ``hie run`` wrote, documents with identities, or folders of them · zones:
    lines, areas and the ground (``hie zones`` writes the file) · config, set: settings
    (``AnalysisConfig``). Where documents hold the camera's motion, all places are those of the
    zones' frame. Raises InputError for documents without identities or a header, and for broken
    zones.
    """
    settings = load(DEFAULTS, config, set)
    shapes = zones if isinstance(zones, Zones) or zones is None else read_zones(Path(zones))
    names = [name for name in COLUMNS if shapes is not None or name not in _OF_ZONES]
    tables: dict[str, list[Row]] = {name: [] for name in names}
    for path in find_tracked(results):
        measured = measure(path, shapes or Zones(), settings)
        rows = rows_of(measured, settings)
        for name, table in tables.items():
            table.extend({"video": measured.tracks.video.name, **row} for row in rows[name])
    return Analysis(tables)


def find_tracked(results: PathLike[str] | str | Sequence[PathLike[str] | str]) -> list[Path]:
    """Documents with identities, by the folders or files that hold them.

    Raises InputError where there are none.
    """
    many = [results] if isinstance(results, str | PathLike) else list(results)
    found: list[Path] = []
    for path in map(Path, many):
        if not path.is_dir():
            found.append(path)
            continue
        inside: dict[str, Path] = {}
        for folder in [path / stage for stage in _STAGES if (path / stage).is_dir()] or [path]:
            for each in sorted(folder.glob("[!.]*.json")):
                if each != path / "summary.json":
                    inside.setdefault(each.stem, each)
        if not inside:
            raise input_error(path, "holds no tracks", "give what hie run -o or hie track -o wrote")
        found += [inside[name] for name in sorted(inside)]
    return found


def measure(path: Path, zones: Zones, settings: AnalysisConfig) -> Measured:
    """Everything that is measured of one document."""
    document = Document(path)
    if document.header is None:
        raise InputError(
            f"{document.label}: has no header that states size and frame rate; give a document of "
            "hie track (hie convert --to document --size --fps makes one)"
        )
    video = document.header.video
    zones = zones.scaled(video)
    ground = None if zones.ground is None else zones.ground.matrix()
    tracks = gather(document, video, document.label, settings.min_action_score, zones.frame)
    found = [
        crossing
        for name, line in zones.lines.items()
        for crossing in crossings(tracks, name, line, settings.line_margin)
    ]
    return Measured(
        tracks,
        motion(tracks, settings.speed_seconds, ground),
        groups(tracks, settings.group_distance, settings.group_seconds),
        action_seconds(tracks),
        tuple(sorted(found, key=lambda each: each.seconds)),
        tuple(
            occupancy(tracks, name, polygon, settings.leave_seconds, ground)
            for name, polygon in zones.zones.items()
        ),
        tuple(zones.lines),
    )


def rows_of(measured: Measured, settings: AnalysisConfig) -> dict[str, list[Row]]:
    """One video's rows of every table."""
    return {
        "videos": [_video_row(measured)],
        "people": _people_rows(measured),
        "actions": [
            {"track_id": key, "action": action, "minutes": _short(seconds / 60, 4)}
            for key, found in sorted(measured.actions.items())
            for action, seconds in sorted(found.items(), key=lambda pair: -pair[1])
        ],
        "groups": _group_rows(measured),
        "timeline": _timeline_rows(measured, settings.bin_seconds),
        "crossings": [
            {
                "line": each.line,
                "track_id": each.track_id,
                "seconds": _short(each.seconds),
                "direction": each.direction,
            }
            for each in measured.crossings
        ],
        "lines": _line_rows(measured),
        "zones": [_zone_row(place) for place in measured.places],
        "visits": [
            {
                "zone": visit.zone,
                "track_id": visit.track_id,
                "start": _short(visit.start),
                "end": _short(visit.end),
                "dwell": _short(visit.seconds),
            }
            for place in measured.places
            for visit in place.visits
        ],
    }


def _counts(tracks: Tracks) -> Floats:
    """People in each frame (T,)."""
    counts = np.bincount(tracks.row_frame, minlength=len(tracks.frames))
    return np.asarray(counts, np.float64)


def _video_row(measured: Measured) -> Row:
    tracks, counts = measured.tracks, _counts(measured.tracks)
    lives = [tracks.times(rows) for rows in tracks.lives.values()]
    row: Row = {
        "seconds": _short(len(tracks.frames) * tracks.step),
        "identities": len(lives),
        "identities_1s": sum(
            bool(times[-1] - times[0] + tracks.step >= _LONG_ENOUGH - 1e-9) for times in lives
        ),
        "mean_people": _short(counts.mean()) if len(counts) else 0.0,
        "max_people": int(counts.max(initial=0)),
        **_speeds(measured.motion, slice(None)),
    }
    return row


def _speeds(found: Motion, rows: Any) -> Row:
    """Mean speeds of some rows; metres only where the ground is measured."""
    row: Row = {"mean_heights_per_second": _short(mean_of_known(found.heights[rows]))}
    if found.metres is not None:
        row["mean_metres_per_second"] = _short(mean_of_known(found.metres[rows]))
    return row


def _people_rows(measured: Measured) -> list[Row]:
    tracks, found = measured.tracks, []
    for key, rows in sorted(tracks.lives.items()):
        times = tracks.times(rows)
        speed = measured.motion.heights[rows]
        known = speed[np.isfinite(speed)]
        row: Row = {
            "track_id": key,
            "start": _short(times[0]),
            "end": _short(times[-1] + tracks.step),
            "seconds_seen": _short(len(rows) * tracks.step),
            **_speeds(measured.motion, rows),
            "max_heights_per_second": _short(known.max() if len(known) else None),
            "largest_group": int(measured.groups.sizes[rows].max()),
        }
        action = measured.actions.get(key)
        row["main_action"] = max(action, key=lambda name: action[name]) if action else None
        found.append(row)
    return found


def _group_rows(measured: Measured) -> list[Row]:
    sizes = Counter(measured.groups.sizes.tolist())
    step = measured.tracks.step
    return [
        {"size": size, "person_seconds": _short(count * step)}
        for size, count in sorted(sizes.items())
    ]


def _timeline_rows(measured: Measured, bin_seconds: float) -> list[Row]:
    tracks, counts = measured.tracks, _counts(measured.tracks)
    if not len(tracks.frames):
        return []
    bins = np.floor(tracks.seconds / bin_seconds + 1e-9).astype(np.int64)
    rows = []
    for each in np.unique(bins):
        here = bins == each
        start = float(each * bin_seconds)
        row: Row = {
            "start": _short(start),
            "mean_people": _short(counts[here].mean()),
            "max_people": int(counts[here].max()),
        }
        for place in measured.places:
            row[f"{place.zone}: mean_people"] = _short(place.people[here].mean())
            if place.density is not None:
                row[f"{place.zone}: people_per_square_metre"] = _short(place.density[here].mean())
        for line in measured.lines:
            for direction in (IN, OUT):
                row[f"{line}: {direction}"] = sum(
                    each.line == line
                    and each.direction == direction
                    and start <= each.seconds < start + bin_seconds
                    for each in measured.crossings
                )
        rows.append(row)
    return rows


def _line_rows(measured: Measured) -> list[Row]:
    found = Counter((each.line, each.direction) for each in measured.crossings)
    return [
        {"line": line, "in": found[line, IN], "out": found[line, OUT]} for line in measured.lines
    ]


def _zone_row(place: Occupancy) -> Row:
    dwell = [visit.seconds for visit in place.visits]
    row: Row = {
        "zone": place.zone,
        "mean_people": _short(place.people.mean()) if len(place.people) else 0.0,
        "max_people": int(place.people.max(initial=0)),
        "visits": len(dwell),
        "visitors": len({visit.track_id for visit in place.visits}),
        "mean_dwell": _short(sum(dwell) / len(dwell)) if dwell else None,
        "max_dwell": _short(max(dwell)) if dwell else None,
    }
    if place.square_metres is not None and place.density is not None:
        row["square_metres"] = _short(place.square_metres)
        row["mean_people_per_square_metre"] = _short(place.density.mean(), 4)
        row["max_people_per_square_metre"] = _short(place.density.max(initial=0.0), 4)
    return row


def _short(value: Any, digits: int = 3) -> float | None:
    return None if value is None else round(float(value), digits) + 0.0
