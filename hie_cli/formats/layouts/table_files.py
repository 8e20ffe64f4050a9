"""Rows of our table in csv and parquet files: the columns, written, and read with checked cells.

One row per person and frame, one for a frame with nobody. Column groups appear where the data has
them; an empty cell is "none". Columns: sequence, frame (from 0), person (order in the frame),
x1..y2, score, track_id, <joint>_x/_y/_score, action_<name> (a class's score), and for truth ignore,
distractor, <joint>_visibility, action (its name), head_x1.., area, annotated, image, crowd_index.
"""

import csv
import io
import math
from collections.abc import Sequence
from typing import IO

import numpy as np

from hie_cli.core import libraries
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.errors import input_error
from hie_cli.core.skeletons import JOINTS
from hie_cli.formats.cells import escaped, plain
from hie_cli.formats.documents.fields import check_box
from hie_cli.formats.limits import MAX_COORDINATE, MAX_FRAMES
from hie_cli.formats.sources import Source

Cell = str | int | float | None
Row = dict[str, Cell]
_KEYS = ("sequence", "frame", "person")
BOX = ("x1", "y1", "x2", "y2")
HEAD = tuple(f"head_{key}" for key in BOX)
JOINT_XY = tuple(f"{joint}_{axis}" for joint in JOINTS for axis in "xy")
JOINT_SCORES = tuple(f"{joint}_score" for joint in JOINTS)
VISIBILITY = tuple(f"{joint}_visibility" for joint in JOINTS)
ACTION_SCORES = tuple(f"action_{name}" for name in ACTIONS)
_PIXELS = frozenset({*BOX, *HEAD, *JOINT_XY})
_TEXT = ("sequence", "action", "image")
COLUMNS = (
    *_KEYS,
    *BOX,
    "score",
    "track_id",
    *(name for j in JOINTS for name in (f"{j}_x", f"{j}_y", f"{j}_score", f"{j}_visibility")),
    "action",
    *ACTION_SCORES,
    "ignore",
    "distractor",
    *HEAD,
    "area",
    "annotated",
    "image",
    "crowd_index",
)


def write_csv(rows: Sequence[Row], file: IO[str]) -> None:
    """Rows as csv with a header line."""
    writer = csv.DictWriter(file, _used(rows), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({n: escaped(v) if isinstance(v, str) else v for n, v in row.items()})


def _used(rows: Sequence[Row]) -> list[str]:
    """The columns that any row has, in the fixed order; the keys and the box always."""
    used = {key for row in rows for key in row} | {*_KEYS, *BOX}
    return [name for name in COLUMNS if name in used]


def write_parquet(rows: Sequence[Row], file: IO[bytes]) -> None:
    """Rows as parquet. Raises ConfigError without pyarrow."""
    arrow = libraries.pyarrow()
    whole = {"frame", "person", "track_id", "ignore", "distractor", "annotated", *VISIBILITY}
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
            box = [checked.get(name) for name in BOX]
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
        missing = [name for name in (*_KEYS[:2], *BOX) if name not in names]
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
        missing = [name for name in (*_KEYS[:2], *BOX) if name not in table.column_names]
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
