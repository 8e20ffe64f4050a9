"""Tables of keypoints for statistics programs: a row a joint (long), or a row a person (wide).

Both begin with sequence, frame (from 0), seconds (empty without a frame rate), person (order in the
frame) and track_id; an empty cell is "none". They are written, not read: ``csv`` and ``parquet``
are for that.
"""

import csv
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.skeletons import JOINTS
from hie_cli.formats.cells import escaped
from hie_cli.formats.sequence import SequenceFrame, VideoSequence

Cell = str | int | float | None
_KEYS = ("sequence", "frame", "seconds", "person", "track_id")
_POINT = ("x", "y", "score")
LONG_COLUMNS = (*_KEYS, "joint", *_POINT)
WIDE_COLUMNS = (*_KEYS, *(f"{joint}_{value}" for joint in JOINTS for value in _POINT))
HOLDS = frozenset(
    {"joints", "noses", "chests", "joint scores", "hidden joints", "track ids", "frame rate"}
)


def write_long(sequences: Sequence[VideoSequence], file: IO[str]) -> None:
    """A row for each known joint: ..., joint, x, y, score."""
    _write(file, LONG_COLUMNS, (row for each in sequences for row in _long_rows(each)))


def write_wide(sequences: Sequence[VideoSequence], file: IO[str]) -> None:
    """A row for each person: ..., nose_x, nose_y, nose_score, ...; one for a frame with nobody."""
    _write(file, WIDE_COLUMNS, (row for each in sequences for row in _wide_rows(each)))


def _write(file: IO[str], columns: Sequence[str], rows: Iterator[list[Cell]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


def _long_rows(sequence: VideoSequence) -> Iterator[list[Cell]]:
    for frame in sequence.frames:
        for i in range(len(frame.people)):
            cells = _joints(frame, i)
            for joint, point in zip(JOINTS, cells, strict=True):
                if point[0] is not None:
                    yield [*_keys(sequence, frame, i), joint, *point]


def _wide_rows(sequence: VideoSequence) -> Iterator[list[Cell]]:
    for frame in sequence.frames:
        for i in range(len(frame.people)):
            points = [cell for point in _joints(frame, i) for cell in point]
            yield [*_keys(sequence, frame, i), *points]
        if not len(frame.people):
            keys = _keys(sequence, frame, 0)
            yield [*keys[:3], *[None] * (len(WIDE_COLUMNS) - 3)]


def _keys(sequence: VideoSequence, frame: SequenceFrame, i: int) -> list[Cell]:
    ids = frame.people.track_ids
    key = None if ids is None or i >= len(ids) or ids[i] < 0 else int(ids[i])
    seconds = None if not sequence.fps else round(frame.index / sequence.fps, 6)
    return [escaped(sequence.name), frame.index, seconds, i, key]


def _joints(frame: SequenceFrame, i: int) -> list[list[Cell]]:
    """x, y and score of each joint of a person; three empty cells where it is not known."""
    people = frame.people
    if people.keypoints is None or people.keypoint_scores is None:
        return [[None] * 3 for _ in JOINTS]
    points = np.round(people.keypoints[i].astype(np.float64), 4)
    scores = np.round(people.keypoint_scores[i].astype(np.float64), 6)
    return [
        [float(point[0]), float(point[1]), float(score)] if known else [None] * 3
        for point, score, known in zip(points, scores, geometry.known(points), strict=True)
    ]
