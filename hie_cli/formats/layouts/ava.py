"""AVA csv: ``video,timestamp,x1,y1,x2,y2,action[,person id or score]``, boxes as fractions.

Truth ends in a person id, results end in a score. The timestamp is read as the frame's number, from
0; with ``fps`` it is seconds. Actions are HiEve's 14, numbered from 1. A row of video and timestamp
alone is a frame in which nobody is labelled.
"""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.errors import InputError, input_error
from hie_cli.core.types import ExactPeople, FramePeople
from hie_cli.formats.cells import escaped, plain
from hie_cli.formats.layout import FITS, Fit, Layout, RateOf, ReadOptions, SizeOf
from hie_cli.formats.limits import MAX_FRAMES, MAX_NUMBER
from hie_cli.formats.output import texts
from hie_cli.formats.reading import per_video
from hie_cli.formats.sequence import ResultSequence, SequenceFrame, VideoSequence, image_size
from hie_cli.formats.sources import Source

HEAD_BYTES = 4096
# A video's id as AVA has them (they may begin with a dash): left as its evaluator expects it.
_PLAIN_ID = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Row:
    """One checked line: frame from 0, box as fractions, action from 0 or -1, id or score.

    A row without a box (None) says that its frame has nobody.
    """

    line: int
    frame: int
    box: tuple[float, float, float, float] | None
    action: int
    last: float


def read_rows(source: Source, fps: RateOf = None) -> dict[str, list[Row]]:
    """All rows by video, in file order. Raises InputError naming the line."""
    videos: dict[str, list[Row]] = {}
    rates: dict[str, float | None] = {}
    try:
        for line, fields in enumerate(csv.reader(io.StringIO(source.read_text())), 1):
            if fields:
                name = plain(fields[0].strip())
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
    if not (len(fields) == 2 or 6 <= len(fields) <= 8) or not fields[0]:
        raise ValueError(f"{len(fields)} fields; expected video,timestamp,x1,y1,x2,y2,action,id")
    names = ("timestamp", "x1", "y1", "x2", "y2", "action", "last field")
    numbers = []
    for name, text in zip(names, fields[1:], strict=False):
        try:
            number = float(text) if text else -1.0
        except ValueError:
            raise ValueError(f"{name} is {text[:40]!r}; expected a number") from None
        if not abs(number) <= MAX_NUMBER:
            raise ValueError(f"{name} is {text[:40]}; numbers must be finite")
        numbers.append(number)
    nobody = len(fields) == 2
    numbers += [-1.0] * (7 - len(numbers))
    stamp, x1, y1, x2, y2, action, last = numbers
    frame = round(stamp * fps) if fps else stamp
    if frame != int(frame) or not 0 <= frame < MAX_FRAMES:
        raise ValueError(
            f"timestamp {stamp:g} is no frame number; if it is seconds, say so with --fps "
            "(hie eval: --set ava_stamps=seconds)"
        )
    if nobody:
        return Row(line, int(frame), None, -1, -1)
    if not (-1 <= x1 <= x2 <= 2 and -1 <= y1 <= y2 <= 2):
        raise ValueError(
            f"box {x1:g},{y1:g},{x2:g},{y2:g}; expected x1 <= x2, y1 <= y2, fractions of the image"
        )
    if action != int(action) or not (action == -1 or 1 <= action <= NUM_ACTIONS):
        raise ValueError(f"action {action:g}; expected HiEve's 1..{NUM_ACTIONS}")
    return Row(line, int(frame), (x1, y1, x2, y2), int(action) - 1 if action > 0 else -1, last)


def _people(rows: list[Row]) -> dict[int, list[list[Row]]]:
    """Rows by frame and, within, by person: equal boxes are one person."""
    frames: dict[int, dict[tuple[float, ...], list[Row]]] = {}
    for row in rows:
        people = frames.setdefault(row.frame, {})
        if row.box is not None:
            people.setdefault(row.box, []).append(row)
    return {frame: list(frames[frame].values()) for frame in sorted(frames)}


def _boxes(rows: list[Row], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes (N, 4) in pixels."""
    return np.array([row.box for row in rows], np.float64).reshape(-1, 4) * scale


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
            _boxes(rows_of, scale),
            np.array([int(row.last) for row in rows_of], np.int64),
            np.zeros(len(rows_of), bool),
            actions=np.array([row.action for row in rows_of], np.int64),
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
        boxes = _boxes([person[0] for person in people], scale)
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
        found.append(
            FramePeople(frame, ExactPeople(boxes, np.ones(len(people)), action_scores=actions))
        )
    return tuple(found)


def _text(sequence: VideoSequence) -> str:
    """One video's rows: truth (one per person with an action) or results (one per class)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    width, height = image_size(sequence)
    scale = np.array([width, height, width, height], np.float64)
    name = sequence.name if _PLAIN_ID.fullmatch(sequence.name) else escaped(sequence.name)
    for frame in sequence.frames:
        boxes = np.asarray(frame.people.boxes, np.float64) / scale
        for i, box in enumerate(boxes):
            corners = [f"{v:.8g}" for v in box]
            for action, last in _labels(frame, i):
                writer.writerow([name, f"{frame.index:04d}", *corners, action + 1, last])
    return out.getvalue()


def _labels(frame: SequenceFrame, i: int) -> list[tuple[int, str]]:
    """(action from 0, last column) of one person's rows."""
    people, truth = frame.people, frame.truth
    if truth is not None:
        action = -1 if truth.actions is None else int(truth.actions[i])
        return [(action, str(truth.track_ids[i]))] if action >= 0 else []
    if people.action_scores is None or not np.isfinite(people.action_scores[i]).all():
        return []
    return [(a, f"{s:.4f}") for a, s in enumerate(people.action_scores[i].tolist())]


def _sniff(source: Source) -> Fit:
    head = source.head(HEAD_BYTES).lstrip()
    if not head:
        return FITS
    fields = head.split("\n", 1)[0].split(",")
    if len(fields) < 2 or not re.fullmatch(r"[-+0-9.eE ]+", fields[1]):
        return Fit(0.3, f"line 1 is {head[:30]!r}; expected video,timestamp,x1,y1,x2,y2,action,id")
    if len(fields) != 2 and not 6 <= len(fields) <= 8:
        return Fit(0.6, f"line 1 has {len(fields)} fields; AVA has 6 to 8")
    return FITS


def _truth(source: Source, options: ReadOptions) -> dict[str, Callable[[], TruthSequence]]:
    rows = read_rows(source, options.fps).items()
    size, fps, label = options.size, options.fps, source.label
    return {name: partial(truth_sequence, name, part, label, size, fps) for name, part in rows}


def _results(source: Source, options: ReadOptions) -> dict[str, Callable[[], ResultSequence]]:
    rows = read_rows(source, options.fps).items()
    size, label = options.size, source.label
    return {name: partial(_result_sequence, name, part, label, size) for name, part in rows}


def _result_sequence(name: str, rows: list[Row], label: str, size: SizeOf) -> ResultSequence:
    return ResultSequence(name, result_frames(name, rows, label, size))


def _is_truth(files: list[Source]) -> bool:
    """Results where some number of the last column is not whole: scores, not ids."""
    videos = (rows for source in files for rows in read_rows(source).values())
    return not any(row.last != int(row.last) for rows in videos for row in rows)


def _drops(sequence: VideoSequence) -> frozenset[str]:
    """The last column is an id in truth, a score in results."""
    return frozenset() if sequence.is_truth else frozenset({"track ids"})


LAYOUT = Layout(
    "ava",
    "AVA csv",
    (".csv",),
    _sniff,
    per_video(_truth),
    per_video(_results),
    _is_truth,
    texts(_text, ".csv", shared=True),
    frozenset({"boxes", "track ids", "actions", "action scores", "unlabelled frames"}),
    _drops,
)
