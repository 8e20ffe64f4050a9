"""Text tracks, one row per box: MOTChallenge (2015, 2016/17, 2020) and HiEve Track-1.

HiEve counts frames from 0, MOTChallenge from 1; both become 0-based here and nowhere else.
Rows: ``frame,id,left,top,width,height,conf[,class,visibility | ,x,y,z | ,-1,-1,-1]``; further
columns, commas at the ends of lines and a line of column names are passed over.
"""

import re
from collections.abc import Iterator
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.errors import InputError, input_error
from hie_cli.core.types import ExactPeople, FramePeople
from hie_cli.formats.layout import FITS, Fit
from hie_cli.formats.layouts.seqinfo import SequenceInfo, sequence_info
from hie_cli.formats.limits import (
    MAX_COORDINATE,
    MAX_FRAMES,
    MAX_NUMBER,
    xywh_to_xyxy,
)
from hie_cli.formats.sources import Source

# Classes of MOTChallenge ground truth (motchallenge.net, devkit of 2016/17 and 2020).
PEDESTRIAN = 1
NO_CLASS = -1
DISTRACTORS = (2, 7, 8, 12)  # person on vehicle, static person, distractor, reflection
MOT20_DISTRACTORS = (*DISTRACTORS, 6)  # and non-motorised vehicle
FRAME, ID, LEFT, TOP, WIDTH, HEIGHT, CONF, CLASS = range(8)
COLUMNS = ("frame", "id", "left", "top", "width", "height", "conf")
# Columns that mean something, and how many a row may have.
USED_COLUMNS, MAX_COLUMNS = 10, 64
_FRAME_0 = re.compile(r"^[ \t]*0(?:\.0*)?[ \t,]", re.MULTILINE)
_NAMES = re.compile(r"#?\s*\"?frame", re.IGNORECASE)
_NUMBER = re.compile(r"[-+0-9.eE]+|nan|inf")
HEAD_BYTES = 4096


def sniff_base(source: Source, base: int) -> Fit:
    """How well a file fits text tracks whose first frame has the number ``base``."""
    head = source.head(HEAD_BYTES).strip()
    lines = [line for line in head.splitlines() if not _NAMES.match(line)]
    first = _fields(lines[0]) if lines else []
    if first and not _NUMBER.fullmatch(first[0].strip()):
        shown = lines[0][:30]
        return Fit(0.5, f"line 1 is {shown!r}; expected {','.join(COLUMNS)}")
    if guess_base(source.read_text(), source.name) != base:
        return Fit(0.9, f"its frames count from {1 - base}")
    return FITS


def _fields(line: str) -> list[str]:
    """The fields of one row; commas at its end make none."""
    line = line.strip()
    return line.rstrip(", \t").split(",") if "," in line else line.split()


def _lines(text: str) -> list[str]:
    """The lines of a track file; a line of column names becomes an empty one."""
    lines = text.removeprefix("\ufeff").splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is not None and _NAMES.match(lines[first].lstrip()):
        lines[first] = ""
    return lines


def read_rows(text: str, label: str, base: int) -> NDArray[np.float64]:
    """All rows (R, C) of a track file, C = 7..10, checked; ``base`` is its first frame's number.

    Raises InputError naming file and line for anything but finite numbers, whole 0-based or 1-based
    frames, whole ids, non-negative sizes and one row per frame and id.
    """
    lines = _lines(text)
    if not any(line.strip() for line in lines):
        return np.zeros((0, len(COLUMNS)))
    rows = _table(lines)
    if rows is None:
        rows = _table([",".join(_fields(line)) for line in lines])
    if rows is None or not _sound(rows, base):
        _explain(lines, label, base)
    return rows[:, :USED_COLUMNS]


def _table(lines: list[str]) -> NDArray[np.float64] | None:
    """The lines as numbers (R, C); None where they are no such table."""
    try:
        delimiter = "," if any("," in line for line in lines) else None
        return np.loadtxt(lines, np.float64, comments=None, delimiter=delimiter, ndmin=2)
    except ValueError:
        return None


def _sound(rows: NDArray[np.float64], base: int) -> bool:
    """Whether every row passes ``_problem`` and no frame and id occur twice; all at once."""
    if not len(COLUMNS) <= rows.shape[1] <= MAX_COLUMNS or not np.isfinite(rows).all():
        return False
    frames, ids = rows[:, FRAME], rows[:, ID]
    whole = (np.floor(rows[:, :2]) == rows[:, :2]).all() and (np.abs(ids) < 2**53).all()
    in_range = (frames >= base).all() and (frames < base + MAX_FRAMES).all() and (ids >= -1).all()
    if not (whole and in_range and (rows[:, [WIDTH, HEIGHT]] >= 0).all()):
        return False
    small = (np.abs(rows[:, LEFT : HEIGHT + 1]) <= MAX_COORDINATE).all()
    if not small or (np.abs(rows) > MAX_NUMBER).any():
        return False
    keys = rows[ids >= 0, :2]
    return len(np.unique(keys, axis=0)) == len(keys)


def _explain(lines: list[str], label: str, base: int) -> NoReturn:
    """Raise the InputError for the first bad line."""
    for number, problem in problems(lines, base):
        raise input_error(label, f"line {number}", problem)
    raise input_error(label, "", "not a table of frame,id,left,top,width,height,conf")


def problems(lines: list[str], base: int) -> Iterator[tuple[int, str]]:
    """Every bad line's number and what is wrong with it."""
    seen: dict[tuple[float, float], int] = {}
    columns = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        fields = _fields(line)
        problem = _problem(fields, base)
        if not problem:
            columns = columns or len(fields)
            key = float(fields[FRAME]), float(fields[ID])
            if len(fields) != columns:
                problem = f"{len(fields)} columns where earlier lines have {columns}"
            elif key[1] >= 0 and key in seen:
                problem = (
                    f"frame {key[0]:.0f} id {key[1]:.0f} occurs twice (first in line {seen[key]}); "
                    "one row per person and frame"
                )
            seen.setdefault(key, number)
        if problem:
            yield number, problem


def _problem(fields: list[str], base: int) -> str | None:
    """What is wrong with one row; None if nothing."""
    if not len(COLUMNS) <= len(fields) <= MAX_COLUMNS:
        missing = "; without scores write 1 as conf" if len(fields) == len(COLUMNS) - 1 else ""
        return f"{len(fields)} columns; expected 7 to 10: {','.join(COLUMNS)},...{missing}"
    values = []
    for place, field in enumerate(fields):
        name = COLUMNS[place] if place < len(COLUMNS) else f"column {place + 1}"
        try:
            values.append(float(field))
        except ValueError:
            return f"{name} is {field.strip()[:40]!r}; expected a number"
        if not np.isfinite(values[-1]):
            return f"{name} is {field.strip()[:40]}; numbers must be finite"
        limit = MAX_COORDINATE if LEFT <= place <= HEIGHT else MAX_NUMBER
        if place >= LEFT and abs(values[-1]) > limit:
            return f"{name} is {values[-1]:g}; expected a number within ±{limit:g}"
    frame, track_id = values[FRAME], values[ID]
    if frame != int(frame) or not base <= frame < base + MAX_FRAMES:
        return f"frame {frame:g}; expected a whole number from {base} to {base + MAX_FRAMES - 1}"
    if track_id != int(track_id) or not -1 <= track_id < 2**53:
        return f"id {track_id:g}; expected a whole number from 0, or -1 for none"
    for name, value in (("width", values[WIDTH]), ("height", values[HEIGHT])):
        if value < 0:
            return f"{name} {value:g}; expected left,top,width,height with sizes from 0"
    return None


def split_frames(rows: NDArray[np.float64], base: int) -> dict[int, NDArray[np.float64]]:
    """Rows by 0-based frame, in the file's order within a frame; frames ascend."""
    if not len(rows):
        return {}
    ordered = rows[np.argsort(rows[:, FRAME], kind="stable")]
    frames, starts = np.unique(ordered[:, FRAME].astype(np.int64), return_index=True)
    parts = np.split(ordered, starts[1:])
    return {int(f) - base: part for f, part in zip(frames, parts, strict=True)}


def truth_sequence(
    source: Source, name: str, base: int, distractors: tuple[int, ...] = DISTRACTORS
) -> TruthSequence:
    """Ground truth of one file, with what the ``seqinfo.ini`` beside it says."""
    info = sequence_info(source)
    return parse_truth(source.read_text(), source.label, name, base, info, distractors)


def parse_truth(
    text: str,
    label: str,
    name: str,
    base: int,
    info: SequenceInfo | None = None,
    distractors: tuple[int, ...] = DISTRACTORS,
) -> TruthSequence:
    """Ground truth of one sequence.

    ``conf`` 0 is ignored. In a 9-column file (MOT16 and later) only pedestrians count (and boxes of
    no class, -1), and boxes of the ``distractors`` classes take the detections matching them away.
    Without a stated length the sequence may go on after its last row (``open_end``).
    """
    info = info or SequenceInfo()
    rows = read_rows(text, label, base)
    parts = split_frames(rows, base)
    count = max(parts, default=-1) + 1
    if info.num_frames is not None and count > info.num_frames:
        raise InputError(
            f"{label}: frame {count - 1 + base} lies past the sequence's {info.num_frames} frames; "
            "wrong sequence or frame numbering?"
        )
    empty = Annotations.empty()
    frames = [empty] * (count if info.num_frames is None else info.num_frames)
    for frame, part in parts.items():
        ignore = part[:, CONF] == 0
        distractor = None
        if part.shape[1] == 9:
            ignore |= ~np.isin(part[:, CLASS], (PEDESTRIAN, NO_CLASS))
            distractor = np.isin(part[:, CLASS], distractors)
        boxes = xywh_to_xyxy(part[:, LEFT : HEIGHT + 1])
        ids = part[:, ID].astype(np.int64)
        frames[frame] = Annotations(boxes, ids, ignore, distractor=distractor)
    return TruthSequence(
        name,
        tuple(frames),
        info.width,
        info.height,
        info.fps,
        dropped=_dropped(rows),
        open_end=info.num_frames is None,
        scored=not np.isin(rows[:, CONF], (0, 1)).all() and bool((rows[:, CONF] < 1).any()),
    )


def _dropped(rows: NDArray[np.float64]) -> tuple[tuple[str, int], ...]:
    """Counts of what a truth's last columns say and ``Annotations`` do not hold."""
    counts = {}
    if rows.shape[1] == 9:
        kept = (NO_CLASS, PEDESTRIAN, DISTRACTORS[2])  # other distractors come back as class 8
        counts["classes of ignored boxes"] = int((~np.isin(rows[:, CLASS], kept)).sum())
        counts["visible shares of boxes"] = int((~np.isin(rows[:, CLASS + 1], (-1, 1))).sum())
    elif rows.shape[1] == 10:
        counts["world coordinates"] = int((rows[:, CLASS:] != -1).any(axis=1).sum())
    return tuple((what, count) for what, count in counts.items() if count)


def parse_results(text: str, label: str, base: int) -> tuple[FramePeople, ...]:
    """A result's frames that hold anybody, ascending; ids of -1 throughout mean detections only."""
    rows = read_rows(text, label, base)
    tracked = bool((rows[:, ID] >= 0).any()) if len(rows) else False
    return tuple(
        FramePeople(
            frame,
            ExactPeople(
                xywh_to_xyxy(part[:, LEFT : HEIGHT + 1]),
                part[:, CONF],
                part[:, ID].astype(np.int64) if tracked else None,
            ),
        )
        for frame, part in split_frames(rows, base).items()
    )


def guess_base(text: str, name: str) -> int:
    """The number of the first frame in a track file: 0 (HiEve Track-1) or 1 (MOTChallenge).

    Both share one layout of rows. Frame 0 occurring proves HiEve; nine columns or world coordinates
    without it, MOTChallenge; a file named by a number is a HiEve sequence; else, ``gt/gt.txt``
    included, MOTChallenge is taken.
    """
    head = text.removeprefix("\ufeff").lstrip()
    if head and _NAMES.match(head):
        head = head.partition("\n")[2].lstrip()
    if not head:
        return 0 if name.isdigit() else 1
    if _FRAME_0.search(head):
        return 0
    first = _fields(head.split("\n", 1)[0])
    if len(first) == 9:
        return 1
    if len(first) == 10 and any(v.strip() not in ("-1", "-1.0") for v in first[7:]):
        return 1
    return 0 if name.isdigit() else 1


def has_classes(source: Source) -> bool:
    """Whether a text file has MOT16's nine columns, the 8th being a class."""
    lines = [line for line in _lines(source.head(HEAD_BYTES)) if line.strip()]
    return bool(lines) and len(_fields(lines[0])) == CLASS + 2
