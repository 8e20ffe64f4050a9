"""Our table of people: sequences as rows, and rows as results or ground truth.

``table_files`` has the columns and the files.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.action_classes import ACTIONS, action_index
from hie_cli.core.annotations import NOT_ANNOTATED, Annotations, TruthSequence
from hie_cli.core.errors import input_error
from hie_cli.core.skeletons import JOINTS
from hie_cli.core.types import ExactPeople, FramePeople, People
from hie_cli.formats.layout import ReadOptions
from hie_cli.formats.layouts.table_files import (
    ACTION_SCORES,
    BOX,
    HEAD,
    JOINT_SCORES,
    JOINT_XY,
    VISIBILITY,
    Row,
    read_rows,
)
from hie_cli.formats.sequence import ResultSequence, SequenceFrame, VideoSequence
from hie_cli.formats.sources import Source


def rows_of(sequences: Sequence[VideoSequence]) -> list[Row]:
    """All sequences as rows of one table, in their order."""
    return [
        row for sequence in sequences for frame in sequence.frames for row in _rows(sequence, frame)
    ]


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
    row = _cells(BOX, people.boxes[i])
    if people.track_ids is not None:
        row["track_id"] = int(people.track_ids[i])
    if people.keypoints is not None and people.keypoint_scores is not None:
        row |= _cells(JOINT_XY, people.keypoints[i])
    if truth is None:
        row |= _cells(["score"], people.scores[i], 6)
        if people.keypoint_scores is not None:
            row |= _cells(JOINT_SCORES, people.keypoint_scores[i], 6)
        if people.action_scores is not None:
            row |= _cells(ACTION_SCORES, people.action_scores[i], 6)
        return row
    row["ignore"] = int(truth.ignore[i])
    if truth.distractor is not None:
        row["distractor"] = int(truth.distractor[i])
    if truth.visibility is not None:
        row |= _cells(VISIBILITY, truth.visibility[i])
    if truth.actions is not None:
        row["action"] = ACTIONS[truth.actions[i]] if truth.actions[i] >= 0 else None
    if truth.head_boxes is not None:
        row |= _cells(HEAD, truth.head_boxes[i])
    if truth.areas is not None:
        row |= _cells(["area"], truth.areas[i])
    return row


def _cells(names: Sequence[str], values: Any, digits: int = 4) -> Row:
    """Numbers as cells; NaN is an empty one."""
    numbers = (np.round(np.asarray(values, np.float64), digits) + 0.0).reshape(-1).tolist()
    return {
        name: None if math.isnan(v) else int(v) if v == int(v) else v
        for name, v in zip(names, numbers, strict=True)
    }


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
    posed, acting = "nose_x" in columns, bool(columns & set(ACTION_SCORES))
    return tuple(
        FramePeople(
            frame,
            ExactPeople(
                _table(people, BOX),
                _column(people, "score", 1.0),
                _column(people, "track_id", -1).astype(np.int64) if "track_id" in columns else None,
                _table(people, JOINT_XY).reshape(-1, len(JOINTS), 2) if posed else None,
                np.nan_to_num(_table(people, JOINT_SCORES)) if posed else None,
                _table(people, ACTION_SCORES) if acting else None,
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
        info, heads = infos[frame], _table(people, HEAD)
        areas, index = _table(people, ["area"])[:, 0], info.get("crowd_index")
        joints = _table(people, JOINT_XY).reshape(-1, len(JOINTS), 2)
        seen = np.where(geometry.known(joints), _table(people, VISIBILITY), NOT_ANNOTATED)
        frames[frame] = Annotations(
            _table(people, BOX),
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
