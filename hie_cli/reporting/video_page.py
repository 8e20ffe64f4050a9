"""The page of one video: what its template needs, as plain values."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from hie_cli.analysis.measured import Measured
from hie_cli.analysis.zones import Zones
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.errors import input_error
from hie_cli.core.text import printable
from hie_cli.reporting import arrows, charts
from hie_cli.reporting.events import KINDS, Event, find_events, surest
from hie_cli.reporting.lanes import MOST_LANES, curves, lanes
from hie_cli.reporting.motion import BIN, histogram
from hie_cli.reporting.page import json_block, page
from hie_cli.reporting.people_table import PeopleTable
from hie_cli.reporting.places import BORDERS, WITHIN, Flow, flows, heat_map
from hie_cli.reporting.quality import remarks
from hie_cli.reporting.stills import Stills, heat_picture, inlined, jpeg, narrowed, read_stills
from hie_cli.reporting.zone_view import zone_view

SCRIPTS = ("video.js",)
_SHEET_WIDTH = 1600  # of a contact sheet that the page holds itself


@dataclass(frozen=True)
class Files:
    """A video's files beside its page, None where they are not there."""

    overlay: Path | None
    sheet: Path | None


class Row(NamedTuple):
    """One video in the index: its page relative to it, its poster, and what stands beside it."""

    name: str
    href: str
    poster: str
    seconds: str
    most: int
    people: int
    events: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class EventRow:
    """One event as the page lists it."""

    kind: str
    row: int
    first: int
    last: int
    span: str
    who: str
    ids: str
    percent: int
    thumb: str


def video_page(
    table: PeopleTable,
    measured: Measured | None,
    files: Files,
    path: Path,
    *,
    zones: Zones | None,
    embed: bool,
    index: str | None,
) -> tuple[str, Row]:
    """The page of a video that will lie at ``path``, and its row in the index.

    ``measured``: what ``hie analyse`` measures of it, None where it has no identities · ``zones``:
    lines and areas to show · ``embed``: the page holds the overlay and the contact sheet itself
    · ``index``: the address of the index, None if there is none. Raises InputError for an overlay
    that cannot be read.
    """
    speed = np.full(len(table.boxes), np.nan) if measured is None else measured.motion.heights
    every = find_events(table)
    events = surest(every)
    stills = Stills()
    if files.overlay is not None and len(table.frames):
        stills = read_stills(files.overlay, table, events)
    ways, notes = flows(table), remarks(table, stills.shift)
    name = printable(table.name, keep="")
    height = arrows.height_of(table.width, table.height)
    data = {
        "frames": _frame_numbers(table),
        "fps": table.fps,
        "count": len(table.frames),
        "actions": list(ACTIONS),
        "lanes": lanes(table, speed),
        "curves": curves(table),
        "marks": [[event.at, event.kind] for event in events],
    }
    text = page(
        "video.html.jinja",
        SCRIPTS,
        title=name,
        index=index,
        facts=_facts(table),
        data=json_block(data),
        overlay=_overlay(files.overlay, path, embed),
        movie=_movie(files.overlay, embed),
        poster=stills.poster,
        sheet=_sheet(files.sheet, path, embed),
        has_lanes=bool(table.rows_of),
        left_out=max(0, len(table.rows_of) - MOST_LANES),
        has_actions=table.actions is not None,
        kinds=list(KINDS),
        events=_event_rows(table, events, stills),
        more_events=len(every) - len(events),
        minutes=_action_minutes(table),
        histogram=_speed_chart(speed),
        typical=float(np.nanmedian(speed)) if np.isfinite(speed).any() else None,
        heat=heat_picture(heat_map(table)) if len(table.boxes) else "",
        scene=stills.scene,
        size=(arrows.WIDTH, height),
        arrows=arrows.arrows(ways, height),
        flows=_flow_table(ways),
        places=(*BORDERS, WITHIN),
        zones=None if zones is None or measured is None else zone_view(zones, measured),
        remarks=notes,
        chart=(charts.WIDTH, charts.HEIGHT, charts.LEFT, charts.RIGHT, charts.TOP, charts.BOTTOM),
    )  # fmt: skip
    row = Row(
        name,
        "",
        stills.poster,
        clock(table.seconds),
        int(table.counts.max(initial=0)),
        len(table.rows_of),
        tuple(_tally(every)),
        tuple(remark.title for remark in notes if remark.warning),
    )
    return text, row


def clock(seconds: float) -> str:
    """Seconds as m:ss.s, with hours where there are some."""
    tenths = round(10 * seconds)
    hours, minutes = tenths // 36000, tenths // 600 % 60
    rest = f"{minutes:02d}" if hours else f"{minutes}"
    return f"{f'{hours}:' if hours else ''}{rest}:{tenths // 10 % 60:02d}.{tenths % 10}"


def relative(target: Path, page_path: Path) -> str:
    """The address of a file as a page at ``page_path`` links it."""
    way = os.path.relpath(target.absolute(), page_path.absolute().parent)
    return quote(Path(way).as_posix())


def _frame_numbers(table: PeopleTable) -> Any:
    """[first, step] where frames are evenly spaced, else all of them."""
    frames = table.frames.tolist()
    if len(frames) < 2 or bool((np.diff(table.frames) == table.stride).all()):
        return [frames[0] if frames else 0, table.stride]
    return frames


def _facts(table: PeopleTable) -> list[tuple[str, str]]:
    facts = [
        ("Video", f"{table.width} × {table.height}, {table.fps:g} frames/s"),
        ("Length", f"{clock(table.seconds)}, {len(table.frames)} frames"),
        ("Most at once", str(int(table.counts.max(initial=0)))),
        ("Boxes", f"{len(table.boxes):,}"),
    ]
    if table.track_ids is not None:
        facts.insert(2, ("Identities", str(len(table.rows_of))))
    facts.append(("Networks", ", ".join(printable(m, keep="") for m in table.models) or "none"))
    return facts


def _overlay(path: Path | None, page_path: Path, embed: bool) -> str:
    return "" if path is None or embed else relative(path, page_path)


def _movie(path: Path | None, embed: bool) -> str:
    """The overlay's bytes in base64 where the page is to hold them."""
    return inlined(_bytes(path), "video/mp4").partition(",")[2] if path and embed else ""


def _sheet(path: Path | None, page_path: Path, embed: bool) -> str:
    if path is None:
        return ""
    if not embed:
        return relative(path, page_path)
    import cv2

    image = cv2.imdecode(np.frombuffer(_bytes(path), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise input_error(path, "not a picture", "hie render --overwrite draws it anew")
    return jpeg(narrowed(image, _SHEET_WIDTH))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise input_error(path, f"cannot be read ({error.strerror})", "check it") from None


def _event_rows(table: PeopleTable, events: list[Event], stills: Stills) -> list[EventRow]:
    thumbs = stills.thumbs or [""] * len(events)
    return [_event_row(table, *pair) for pair in zip(events, thumbs, strict=True)]


def _event_row(table: PeopleTable, event: Event, thumb: str) -> EventRow:
    def at(row: int) -> str:
        return clock(float(table.frames[row]) / table.fps)

    people = "person" if len(event.ids) == 1 else "people"
    return EventRow(
        event.kind,
        event.at,
        event.first,
        event.last,
        f"{at(event.first)} to {at(event.last)}",
        f"{people} {', '.join(map(str, event.ids))}",
        " ".join(map(str, event.ids)),
        round(100 * event.confidence),
        thumb,
    )


def _tally(events: list[Event]) -> list[str]:
    counts = {kind: sum(event.kind == kind for event in events) for kind in KINDS}
    return [
        f"{n} {kind}{'s' if n > 1 and kind != 'running' else ''}" for kind, n in counts.items() if n
    ]


def _action_minutes(table: PeopleTable) -> tuple[charts.Bar, ...]:
    """Person-time of every action, each scored box standing for its share of its identity."""
    known = table.best_action[table.best_action >= 0]
    if not len(known):
        return ()
    scored = len(np.unique(table.position[table.best_action >= 0]))
    each = table.seconds / max(scored, 1)  # the time that one scored frame stands for
    counts = np.bincount(known, minlength=len(ACTIONS))
    return charts.bars(
        {ACTIONS[i]: round(n * each, 1) for i, n in enumerate(counts.tolist())}, "{:,.1f} s"
    )


def _speed_chart(speed: Any) -> charts.Histogram | None:
    counts = histogram(speed)
    total = int(counts.sum())
    if not total:
        return None
    median = np.nanmedian(speed)
    summary = f"Histogram of {total} speeds; the median is {median:.2f} body heights a second"
    return charts.histogram(counts, BIN, "body heights a second", "boxes", summary)


def _flow_table(ways: list[Flow]) -> list[tuple[str, list[int]]]:
    counts = {(flow.start, flow.end): flow.count for flow in ways}
    places = (*BORDERS, WITHIN)
    return [(a, [counts.get((a, b), 0) for b in places]) for a in places]
