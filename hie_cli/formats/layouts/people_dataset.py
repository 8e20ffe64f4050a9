"""People of many videos as one parquet data set: ``DIR/video=NAME/people.parquet``, a row a person.

DuckDB, polars, Spark and pyarrow read the folder as one table in which ``video`` is a column (Hive
partitions). Every file has the same columns, whether its data have them or not, so that videos that
went through different stages stand in one table; null is "none".
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import libraries
from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.skeletons import JOINTS
from hie_cli.formats.files import atomic_write
from hie_cli.formats.layout import Layout
from hie_cli.formats.output import fresh
from hie_cli.formats.sequence import VideoSequence

FloatArray = NDArray[np.float32]
_BOX = ("x1", "y1", "x2", "y2")


def part(folder: Path, name: str) -> Path:
    """The file of one video in a data set."""
    return folder / f"video={quote(name, safe=' ')}" / "people.parquet"


def write_part(sequence: VideoSequence, path: Path) -> None:
    """Write one video's people. Raises ConfigError without pyarrow, or if it cannot be written."""
    arrow = libraries.pyarrow()
    table = arrow.table(
        {
            name: arrow.array(values, type=kind, mask=mask)
            for name, kind, values, mask in _columns(sequence, arrow)
        }
    )
    with atomic_write(path, "wb") as file:
        arrow.parquet.write_table(table, file, compression="zstd")


def _columns(sequence: VideoSequence, arrow: Any) -> list[tuple[str, Any, Any, Any]]:
    """Name, type, values (N,) and where they are none (N,) of each column."""
    frames = [frame for frame in sequence.frames if len(frame.people)]
    counts = [len(frame.people) for frame in frames]
    index = np.repeat(np.array([f.index for f in frames], np.int32), counts)
    none = np.ones(len(index), bool)
    seconds = index / sequence.fps if sequence.fps else np.zeros(len(index))
    tracks, known = _stacked([f.people.track_ids for f in frames], counts, ())
    boxes, _ = _stacked([f.people.boxes for f in frames], counts, (4,))
    scores, _ = _stacked([f.people.scores for f in frames], counts, ())
    points, posed = _stacked([f.people.keypoints for f in frames], counts, (14, 2))
    sure, _ = _stacked([f.people.keypoint_scores for f in frames], counts, (14,))
    acts, _ = _stacked([f.people.action_scores for f in frames], counts, (NUM_ACTIONS,))
    acting = np.asarray(np.isfinite(acts).all(axis=1), bool)
    best = np.where(acting[:, None], acts, 0).argmax(axis=1)
    names = np.array(ACTIONS, object)[best]
    real, whole = arrow.float32(), arrow.int32()
    columns = [
        ("frame", whole, index, None),
        ("seconds", arrow.float64(), np.round(seconds, 4), None if sequence.fps else none),
        ("track_id", arrow.int64(), np.nan_to_num(tracks).astype(np.int64), ~known),
        *((name, real, boxes[:, i], None) for i, name in enumerate(_BOX)),
        ("score", real, scores, np.isnan(scores)),
        ("action", arrow.string(), names, ~acting),
        ("action_score", real, np.take_along_axis(acts, best[:, None], 1)[:, 0], ~acting),
    ]
    for j, joint in enumerate(JOINTS):
        lost = ~posed | np.isnan(points[:, j]).any(axis=1)
        columns += [
            (f"{joint}_x", real, points[:, j, 0], lost),
            (f"{joint}_y", real, points[:, j, 1], lost),
            (f"{joint}_score", real, sure[:, j], lost | np.isnan(sure[:, j])),
        ]
    columns += [(f"action_{name}", real, acts[:, a], ~acting) for a, name in enumerate(ACTIONS)]
    return columns


def _stacked(
    arrays: Sequence[Any], counts: Sequence[int], shape: tuple[int, ...]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """One array (N, *shape) of the frames' arrays, NaN where a frame has none; which rows have."""
    kind = np.float64 if shape == () else np.float32  # identities are whole numbers
    filled = [
        np.full((count, *shape), np.nan, kind) if array is None else np.asarray(array, kind)
        for array, count in zip(arrays, counts, strict=True)
    ]
    rows = np.concatenate(filled) if filled else np.empty((0, *shape), kind)
    has = [np.full(count, a is not None) for a, count in zip(arrays, counts, strict=True)]
    return rows, np.concatenate(has) if has else np.empty(0, bool)


def _write(sequences: Sequence[VideoSequence], out: Path, overwrite: bool) -> list[Path]:
    paths = [fresh(part(out, sequence.name), overwrite) for sequence in sequences]
    for sequence, path in zip(sequences, paths, strict=True):
        write_part(sequence, path)
    return paths


LAYOUT = Layout(
    "people",
    "people of many videos, a parquet data set (DuckDB, polars)",
    (".parquet",),
    write=_write,
    holds=frozenset(
        {"boxes", "scores", "joints", "noses", "chests", "joint scores", "track ids"}
        | {"action scores", "people without an action"}
    ),
)
