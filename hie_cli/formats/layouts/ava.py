"""AVA csv: ``video,timestamp,x1,y1,x2,y2,action[,person id or score]``, boxes as fractions.

Truth ends in a person id, results end in a score. The timestamp is read as the frame's number, from
0; with ``fps`` it is seconds. Actions are HiEve's 14, numbered from 1.
"""

import csv
import io
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.errors import InputError, input_error
from hie_cli.core.types import Annotations, FramePeople, People, TruthSequence
from hie_cli.formats.limits import MAX_FRAMES
from hie_cli.formats.sources import Source

Size = tuple[int, int]
# What the csv does not state: one value for all videos, or a function of the video's name.
SizeOf = Size | Callable[[str], Size | None] | None
RateOf = float | Callable[[str], float | None] | None


@dataclass(frozen=True)
class Row:
    """One checked line: frame from 0, box as fractions, action from 0 or -1, id or score."""

    line: int
    frame: int
    box: tuple[float, float, float, float]
    action: int
    last: float


def read_rows(source: Source, fps: RateOf = None) -> dict[str, list[Row]]:
    """All rows by video, in file order. Raises InputError naming the line."""
    videos: dict[str, list[Row]] = {}
    rates: dict[str, float | None] = {}
    try:
        for line, fields in enumerate(csv.reader(io.StringIO(source.read_text())), 1):
            if fields:
                name = fields[0].strip()
                if name not in rates:
                    rates[name] = fps(name) if callable(fps) else fps
                try:
                    row = _row(line, [f.strip() for f in fields], rates[name])
                except ValueError as error:
                    raise input_error(source.label, f"line {line}", str(error)) from None
                videos.setdefault(name, []).append(row)
    except csv.Error as error:
        raise input_error(source.label, "broken csv", str(error)) from None
    return videos


def _row(line: int, fields: list[str], fps: float | None) -> Row:
    """One line's fields checked; ValueError says what is wrong."""
    if not 6 <= len(fields) <= 8 or not fields[0]:
        raise ValueError(f"{len(fields)} fields; expected video,timestamp,x1,y1,x2,y2,action,id")
    names = ("timestamp", "x1", "y1", "x2", "y2", "action", "last field")
    numbers = []
    for name, text in zip(names, fields[1:], strict=False):
        try:
            number = float(text) if text else -1.0
        except ValueError:
            raise ValueError(f"{name} is {text!r}; expected a number") from None
        if not math.isfinite(number):
            raise ValueError(f"{name} is {text}; numbers must be finite")
        numbers.append(number)
    numbers += [-1.0] * (7 - len(numbers))
    stamp, x1, y1, x2, y2, action, last = numbers
    frame = round(stamp * fps) if fps else stamp
    if frame != int(frame) or not 0 <= frame < MAX_FRAMES:
        raise ValueError(
            f"timestamp {stamp:g} is no frame number; if it is seconds, say so with --fps "
            "(hie eval: --set ava_stamps=seconds)"
        )
    if not (-1 <= x1 <= x2 <= 2 and -1 <= y1 <= y2 <= 2):
        raise ValueError(
            f"box {x1:g},{y1:g},{x2:g},{y2:g}; expected x1 <= x2, y1 <= y2, fractions of the image"
        )
    if action != int(action) or not (action == -1 or 1 <= action <= NUM_ACTIONS):
        raise ValueError(f"action {action:g}; expected HiEve's 1..{NUM_ACTIONS}")
    return Row(line, int(frame), (x1, y1, x2, y2), int(action) - 1 if action > 0 else -1, last)


def is_result(videos: dict[str, list[Row]]) -> bool:
    """Whether the last column holds scores: some number that is not whole."""
    return any(row.last != int(row.last) for rows in videos.values() for row in rows)


def _people(rows: list[Row]) -> dict[int, list[list[Row]]]:
    """Rows by frame and, within, by person: equal boxes are one person."""
    frames: dict[int, dict[tuple[float, ...], list[Row]]] = {}
    for row in rows:
        frames.setdefault(row.frame, {}).setdefault(row.box, []).append(row)
    return {frame: list(frames[frame].values()) for frame in sorted(frames)}


def truth_sequence(
    name: str, rows: list[Row], label: str, size: SizeOf, fps: RateOf
) -> TruthSequence:
    """One video's truth in pixels of ``size`` (width, height); without it the image is 1 x 1.

    Frames without a row are not annotated.
    """
    width, height = (size(name) if callable(size) else size) or (1, 1)
    scale = np.array([width, height, width, height], np.float64)
    rate = fps(name) if callable(fps) else fps
    frames: dict[int, Annotations] = {}
    for frame, people in _people(rows).items():
        owners: dict[int, Row] = {}
        for first, *more in people:
            if more:
                raise input_error(
                    label,
                    f"line {more[0].line}",
                    f"a second action for the person of line {first.line}; HiEve's truth has one",
                )
            if first.last >= 0 and owners.setdefault(int(first.last), first) is not first:
                earlier = owners[int(first.last)].line
                raise input_error(
                    label, f"line {first.line}", f"person id of line {earlier} again in one frame"
                )
        rows_of = [person[0] for person in people]
        frames[frame] = Annotations(
            np.array([row.box for row in rows_of]) * scale,
            np.array([int(row.last) for row in rows_of]),
            np.zeros(len(rows_of), bool),
            actions=np.array([row.action for row in rows_of]),
        )
    missing = Annotations.empty(annotated=False)
    count = max(frames, default=-1) + 1
    return TruthSequence(
        name, tuple(frames.get(t, missing) for t in range(count)), width, height, rate
    )


def result_frames(name: str, rows: list[Row], label: str, size: SizeOf) -> tuple[FramePeople, ...]:
    """One video's results in pixels of ``size``; a class without a row scores 0."""
    width, height = (size(name) if callable(size) else size) or (1, 1)
    scale = np.array([width, height, width, height], np.float64)
    found = []
    for frame, people in _people(rows).items():
        boxes = np.array([person[0].box for person in people]) * scale
        actions = np.zeros((len(people), NUM_ACTIONS))
        for i, person in enumerate(people):
            seen: dict[int, Row] = {}
            for row in person:
                if seen.setdefault(row.action, row) is not row:
                    raise InputError(
                        f"{label}: line {row.line}: same box and action as line "
                        f"{seen[row.action].line}; one row each"
                    )
                if row.action >= 0:
                    actions[i, row.action] = row.last
        found.append(FramePeople(frame, People(boxes, np.ones(len(people)), action_scores=actions)))
    return tuple(found)


def format_rows(
    name: str,
    moments: Iterable[tuple[int, People, Annotations | None]],
    size: tuple[int, int],
    fps: float | None,
) -> str:
    """One video's rows: truth (one per person with an action) or results (one per class)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    scale = np.array([size[0], size[1], size[0], size[1]], np.float64)
    for frame, people, truth in moments:
        stamp = f"{frame / fps:.6f}" if fps else f"{frame:04d}"
        boxes = np.asarray(people.boxes, np.float64) / scale
        for i, box in enumerate(boxes):
            corners = [f"{v:.8g}" for v in box]
            for action, last in _labels(people, truth, i):
                writer.writerow([name, stamp, *corners, action + 1, last])
    return out.getvalue()


def _labels(people: People, truth: Annotations | None, i: int) -> list[tuple[int, str]]:
    """(action from 0, last column) of one person's rows."""
    if truth is not None:
        action = -1 if truth.actions is None else int(truth.actions[i])
        return [(action, str(truth.track_ids[i]))] if action >= 0 else []
    if people.action_scores is None or not np.isfinite(people.action_scores[i]).all():
        return []
    return [(a, f"{s:.4f}") for a, s in enumerate(people.action_scores[i].tolist())]
