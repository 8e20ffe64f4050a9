"""Tables, csv or parquet: one row per person and frame, one for a frame with nobody.

Column groups appear where the data has them; an empty cell is "none". Columns: sequence, frame
(from 0), person (order in the frame), x1..y2, score, track_id, <joint>_x/_y/_score, action_<name>
(a class's score), and for truth ignore, distractor, <joint>_visibility, action (its name),
head_x1.., area, annotated, image, crowd_index.
"""

import csv
import io
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import IO, Any

import numpy as np

from hie_cli.core import geometry, libraries
from hie_cli.core.action_classes import ACTIONS, action_index
from hie_cli.core.errors import input_error
from hie_cli.core.skeletons import JOINTS
from hie_cli.core.types import (
    NOT_ANNOTATED,
    Annotations,
    ExactPeople,
    FramePeople,
    People,
    TruthSequence,
)
from hie_cli.formats.cells import escaped, plain
from hie_cli.formats.documents.fields import check_box
from hie_cli.formats.layout import ReadOptions
from hie_cli.formats.limits import MAX_COORDINATE, MAX_FRAMES
from hie_cli.formats.sequence import ResultSequence, SequenceFrame, VideoSequence
from hie_cli.formats.sources import Source

Cell = str | int | float | None
Row = dict[str, Cell]
KEYS = ("sequence", "frame", "person")
_BOX = ("x1", "y1", "x2", "y2")
_HEAD = tuple(f"head_{key}" for key in _BOX)
_XY = tuple(f"{joint}_{axis}" for joint in JOINTS for axis in "xy")
_JOINT_SCORES = tuple(f"{joint}_score" for joint in JOINTS)
_VISIBILITY = tuple(f"{joint}_visibility" for joint in JOINTS)
_ACTIONS = tuple(f"action_{name}" for name in ACTIONS)
_PIXELS = frozenset({*_BOX, *_HEAD, *_XY})
_TEXT = ("sequence", "action", "image")
COLUMNS = (
    *KEYS,
    *_BOX,
    "score",
    "track_id",
    *(name for j in JOINTS for name in (f"{j}_x", f"{j}_y", f"{j}_score", f"{j}_visibility")),
    "action",
    *_ACTIONS,
    "ignore",
    "distractor",
    *_HEAD,
    "area",
    "annotated",
    "image",
    "crowd_index",
)


def _cells(names: Sequence[str], values: Any, digits: int = 4) -> Row:
    """Numbers as cells; NaN is an empty one."""
    numbers = (np.round(np.asarray(values, np.float64), digits) + 0.0).reshape(-1).tolist()
    return {
        name: None if math.isnan(v) else int(v) if v == int(v) else v
        for name, v in zip(names, numbers, strict=True)
    }


def _rows(sequence: VideoSequence, frame: SequenceFrame) -> list[Row]:
    people, truth = frame.people, frame.truth
    row: Row = {"sequence": sequence.name, "frame": frame.index}
    if truth is not None:
        row["annotated"] = int(truth.annotated)
        row["image"] = truth.image or None
        row["crowd_index"] = truth.crowd_index
    persons = [{**row, "person": i, **_person(people, truth, i)} for i in range(len(people))]
    return persons or [row]


def _person(people: People, truth: Annotations | None, i: int) -> Row:
    row = _cells(_BOX, people.boxes[i])
    if people.track_ids is not None:
        row["track_id"] = int(people.track_ids[i])
    if people.keypoints is not None and people.keypoint_scores is not None:
        row |= _cells(_XY, people.keypoints[i])
    if truth is None:
        row |= _cells(["score"], people.scores[i], 6)
        if people.keypoint_scores is not None:
            row |= _cells(_JOINT_SCORES, people.keypoint_scores[i], 6)
        if people.action_scores is not None:
            row |= _cells(_ACTIONS, people.action_scores[i], 6)
        return row
    row["ignore"] = int(truth.ignore[i])
    if truth.distractor is not None:
        row["distractor"] = int(truth.distractor[i])
    if truth.visibility is not None:
        row |= _cells(_VISIBILITY, truth.visibility[i])
    if truth.actions is not None:
        row["action"] = ACTIONS[truth.actions[i]] if truth.actions[i] >= 0 else None
    if truth.head_boxes is not None:
        row |= _cells(_HEAD, truth.head_boxes[i])
    if truth.areas is not None:
        row |= _cells(["area"], truth.areas[i])
    return row


def write_csv(sequences: Sequence[VideoSequence], file: IO[str]) -> None:
    """All sequences as one csv with a header line."""
    rows = [
        row for sequence in sequences for frame in sequence.frames for row in _rows(sequence, frame)
    ]
    writer = csv.DictWriter(file, _used(rows), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({n: escaped(v) if isinstance(v, str) else v for n, v in row.items()})


def _used(rows: list[Row]) -> list[str]:
    """The columns that any row has, in the fixed order; the keys and the box always."""
    used = {key for row in rows for key in row} | {*KEYS, *_BOX}
    return [name for name in COLUMNS if name in used]


def write_parquet(sequences: Sequence[VideoSequence], file: IO[bytes]) -> None:
    """All sequences as one parquet file. Raises ConfigError without pyarrow."""
    arrow = libraries.pyarrow()
    rows = [
        row for sequence in sequences for frame in sequence.frames for row in _rows(sequence, frame)
    ]
    whole = {"frame", "person", "track_id", "ignore", "distractor", "annotated", *_VISIBILITY}
    columns = {
        name: arrow.array(
            [row.get(name) for row in rows],
            arrow.string()
            if name in _TEXT
            else arrow.int64()
            if name in whole
            else arrow.float64(),
        )
        for name in _used(rows)
    }
    arrow.parquet.write_table(arrow.table(columns), file)


def read_rows(source: Source) -> dict[str, list[tuple[int, Row]]]:
    """A table's checked rows by sequence, each with its line. Raises InputError naming it."""
    numbered = _parquet_rows(source) if source.suffix == ".parquet" else _csv_rows(source)
    sequences: dict[str, list[tuple[int, Row]]] = {}
    for line, row in numbered:
        try:
            checked = {name: _cell(name, value) for name, value in row.items()}
            frame = checked.get("frame")
            if not isinstance(frame, float) or frame != int(frame) or not 0 <= frame < MAX_FRAMES:
                raise ValueError(f"frame is {frame}; expected a whole number from 0")
            box = [checked.get(name) for name in _BOX]
            if any(v is None for v in box) and any(v is not None for v in box):
                raise ValueError("x1, y1, x2, y2 are only partly given")
        except ValueError as error:
            raise input_error(source.label, f"line {line}", str(error)) from None
        if box[0] is not None:
            check_box(np.array(box, np.float64), f"{source.label}: line {line}: person")
        sequences.setdefault(str(checked["sequence"]), []).append((line, checked))
    return sequences


def _csv_rows(source: Source) -> list[tuple[int, Row]]:
    reader = csv.DictReader(io.StringIO(source.read_text()))
    try:
        names = reader.fieldnames or []
        unknown = [name for name in names if name not in COLUMNS]
        missing = [name for name in (*KEYS[:2], *_BOX) if name not in names]
        if unknown or missing:
            shown = repr(unknown[0])[:40] if unknown else ""
            what = f"unknown column {shown}" if unknown else f"no column {missing[0]!r}"
            raise input_error(source.label, "line 1", f"{what}; expected a table of hie convert")
        rows: list[tuple[int, Row]] = []
        for row in reader:
            if None in row or None in row.values():
                place = f"line {reader.line_num}"
                raise input_error(source.label, place, "wrong number of fields")
            rows.append((reader.line_num, {n: plain(v) for n, v in row.items() if v is not None}))
    except csv.Error as error:  # a field beyond csv's limit, a NUL
        place = f"line {reader.line_num + 1}"
        raise input_error(source.label, place, f"broken csv ({error})") from None
    return rows


def _parquet_rows(source: Source) -> list[tuple[int, Row]]:
    arrow = libraries.pyarrow()
    damaged = (OSError, ValueError, TypeError, LookupError, OverflowError, arrow.ArrowException)
    try:
        table = arrow.parquet.read_table(arrow.BufferReader(source.read_bytes()))
        missing = [name for name in (*KEYS[:2], *_BOX) if name not in table.column_names]
        rows = [] if missing else list(enumerate(table.to_pylist(), 2))
    except damaged as error:
        said = (str(error).splitlines() or ["damaged"])[0][:200]
        raise input_error(source.label, "broken parquet", said) from None
    if missing:
        raise input_error(source.label, f"no column {missing[0]!r}", "expected our own table")
    return rows


def _cell(name: str, value: Cell) -> Cell:
    """A cell as text, float or None; ValueError says what is wrong."""
    if value is None or value == "":
        return None
    if name in _TEXT:
        return str(value)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} is {str(value)[:40]!r}; expected a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} is {str(value)[:40]}; numbers must be finite")
    limit = MAX_COORDINATE if name in _PIXELS else 2**53
    if abs(number) > limit:
        raise ValueError(f"{name} is {number:g}; expected a number within ±{limit:g}")
    return number


def _frames(rows: list[tuple[int, Row]]) -> dict[int, list[Row]]:
    """Rows by frame, ascending; frames with nobody have an empty list."""
    frames: dict[int, list[Row]] = {}
    for _, row in sorted(rows, key=lambda pair: float(pair[1]["frame"] or 0)):
        people = frames.setdefault(int(row["frame"] or 0), [])
        if row["x1"] is not None:
            people.append(row)
    return frames


def _table(rows: list[Row], names: Sequence[str]) -> Any:
    """Cells (N, K) as float64, NaN where empty."""
    cells = [[row.get(name) for name in names] for row in rows]
    return np.array(
        [[np.nan if v is None else v for v in line] for line in cells], np.float64
    ).reshape(len(rows), len(names))


def _column(rows: list[Row], name: str, default: float) -> Any:
    return np.nan_to_num(_table(rows, [name])[:, 0], nan=default)


def is_truth(files: list[Source]) -> bool:
    """Whether some table has the column ``annotated``, which only ground truth has."""
    tables = (rows for source in files for rows in read_rows(source).values())
    return any("annotated" in row for rows in tables for _, row in rows)


def result_frames(rows: list[tuple[int, Row]]) -> tuple[FramePeople, ...]:
    """One sequence's rows as results, frames ascending."""
    columns = set(rows[0][1]) if rows else set()
    posed, acting = "nose_x" in columns, bool(columns & set(_ACTIONS))
    return tuple(
        FramePeople(
            frame,
            ExactPeople(
                _table(people, _BOX),
                _column(people, "score", 1.0),
                _column(people, "track_id", -1).astype(np.int64) if "track_id" in columns else None,
                _table(people, _XY).reshape(-1, len(JOINTS), 2) if posed else None,
                np.nan_to_num(_table(people, _JOINT_SCORES)) if posed else None,
                _table(people, _ACTIONS) if acting else None,
            ),
        )
        for frame, people in _frames(rows).items()
    )


def truth_sequence(name: str, rows: list[tuple[int, Row]], label: str) -> TruthSequence:
    """One sequence's rows as ground truth."""
    columns = set(rows[0][1]) if rows else set()
    infos = {int(row["frame"] or 0): row for _, row in rows}
    frames: dict[int, Annotations] = {}
    for frame, people in _frames(rows).items():
        info, heads = infos[frame], _table(people, _HEAD)
        areas, index = _table(people, ["area"])[:, 0], info.get("crowd_index")
        joints = _table(people, _XY).reshape(-1, len(JOINTS), 2)
        seen = np.where(geometry.known(joints), _table(people, _VISIBILITY), NOT_ANNOTATED)
        frames[frame] = Annotations(
            _table(people, _BOX),
            _column(people, "track_id", -1).astype(np.int64),
            _column(people, "ignore", 0) != 0,
            joints if "nose_x" in columns else None,
            np.nan_to_num(seen, nan=NOT_ANNOTATED) if "nose_visibility" in columns else None,
            _actions(people, label) if "action" in columns else None,
            annotated=info.get("annotated") != 0,
            head_boxes=heads if people and np.isfinite(heads).all() else None,
            distractor=_column(people, "distractor", 0) != 0 if "distractor" in columns else None,
            areas=areas if people and np.isfinite(areas).all() else None,
            crowd_index=float(index) if index is not None else None,
            image=str(info.get("image") or ""),
        )
    missing = Annotations.empty(annotated=False)
    count = max(frames, default=-1) + 1
    return TruthSequence(name, tuple(frames.get(t, missing) for t in range(count)))


def _actions(people: list[Row], label: str) -> Any:
    names = [row.get("action") for row in people]
    indices = [-1 if name is None else action_index(str(name)) for name in names]
    if None in indices:
        raise input_error(label, f"action {names[indices.index(None)]!r}", "none of the 14")
    return np.array(indices, np.int64)


def truth_reader(source: Source, options: ReadOptions) -> dict[str, Callable[[], TruthSequence]]:
    """The sequences of one table as ground truth."""
    rows = read_rows(source).items()
    return {name: partial(truth_sequence, name, part, source.label) for name, part in rows}


def result_reader(source: Source, options: ReadOptions) -> dict[str, Callable[[], ResultSequence]]:
    """The sequences of one table as results."""
    rows = read_rows(source).items()
    return {name: partial(_result_sequence, name, part) for name, part in rows}


def _result_sequence(name: str, rows: list[tuple[int, Row]]) -> ResultSequence:
    return ResultSequence(name, result_frames(rows))


HOLDS = frozenset(
    {"boxes", "track ids", "scores", "hidden joints", "actions", "action scores", "areas"}
    | {"ignored people", "distractors", "head boxes", "crowd index", "image names"}
    | {"joints", "noses", "chests", "joint scores"}
    | {"frames without people", "empty frames at the end", "people without an action"}
    | {"unlabelled frames", "unlabelled frames at the end"}
)
