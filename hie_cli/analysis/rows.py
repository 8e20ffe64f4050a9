"""What was measured of a video as rows of tables."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from hie_cli.analysis.crossings import IN, OUT
from hie_cli.analysis.measured import Measured
from hie_cli.analysis.motion import Motion, mean_of_known
from hie_cli.analysis.places import Occupancy
from hie_cli.analysis.settings import AnalysisConfig
from hie_cli.analysis.tracks import Floats, Tracks

Row = dict[str, Any]
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
