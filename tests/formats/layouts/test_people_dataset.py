"""The data set of people: one table of many videos, the same columns whatever they have."""

from pathlib import Path

import numpy as np
import pytest

import hie_cli
from hie_cli.core.errors import ConfigError
from hie_cli.core.types import People
from hie_cli.formats.layouts.people_dataset import part
from hie_cli.formats.sequence import SequenceFrame, VideoSequence

arrow = pytest.importorskip("pyarrow", reason="needs pyarrow: pip install 'hie[parquet]'")
dataset = pytest.importorskip("pyarrow.dataset")


def sequence(name: str, people: People, fps: float | None = 10.0) -> VideoSequence:
    frames = (SequenceFrame(4, people), SequenceFrame(5, People.empty()))
    return VideoSequence(name, frames, 6, 640, 480, fps)


def whole() -> People:
    points = np.full((2, 14, 2), np.nan, np.float32)
    points[1] = 7.5
    actions = np.full((2, 14), np.nan)
    actions[1] = 0.01
    actions[1, 10] = 0.87
    return People(
        np.array([[1, 2, 3, 4], [10, 20, 30, 40.5]]),
        np.array([0.9, 0.5]),
        np.array([2**40, 7]),
        points,
        np.where(np.isnan(points[..., 0]), 0, 0.25),
        actions,
    )


def table(folder: Path) -> list[dict]:
    found = dataset.dataset(folder, format="parquet", partitioning="hive").to_table()
    return sorted(found.to_pylist(), key=lambda row: (row["video"], row["score"]))


def test_a_row_a_person_with_nulls_for_what_is_not_known(tmp_path):
    hie_cli.write(sequence("hall", whole()), tmp_path, layout="people")
    second, first = table(tmp_path)
    assert (first["video"], first["frame"], first["seconds"]) == ("hall", 4, 0.4)
    assert [first[key] for key in ("x1", "y1", "x2", "y2")] == [1, 2, 3, 4]
    assert (first["track_id"], first["action"], first["nose_x"]) == (2**40, None, None)
    assert (second["track_id"], second["action"]) == (7, "fighting")
    assert second["action_score"] == pytest.approx(0.87)
    assert second["action_fighting"] == pytest.approx(0.87)
    assert (second["nose_x"], second["nose_score"]) == (7.5, 0.25)


def test_videos_of_any_stage_and_any_name_stand_in_one_table(tmp_path):
    boxes = People(np.array([[0, 0, 5, 5.0]]), np.array([0.4]))
    hie_cli.write(sequence("a=b 100%/".replace("/", ""), whole()), tmp_path, layout="people")
    hie_cli.write(sequence("boxes", boxes, fps=None), tmp_path, layout="people")
    hie_cli.write(sequence("nobody", People.empty()), tmp_path, layout="people")
    rows = table(tmp_path)
    assert [row["video"] for row in rows] == ["a=b 100%", "a=b 100%", "boxes"]
    assert {key for key, value in rows[2].items() if value is not None} == {
        "video", "frame", "x1", "y1", "x2", "y2", "score",
    }  # fmt: skip


def test_nothing_is_replaced_unasked_and_names_stay_inside(tmp_path):
    hie_cli.write(sequence("a", whole()), tmp_path, layout="people")
    with pytest.raises(ConfigError, match="--overwrite"):
        hie_cli.write(sequence("a", whole()), tmp_path, layout="people")
    hie_cli.write(sequence("a", whole()), tmp_path, layout="people", overwrite=True)
    assert part(tmp_path, "../x").parent.parent == tmp_path
