"""Layouts that are written for other programs, and not read."""

import csv
import json

import numpy as np
import pytest

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import FramePeople, People
from hie_cli.formats.layouts import find
from hie_cli.formats.sequence import ResultSequence, VideoSequence, of_results, of_truth
from hie_cli.formats.writers import write

NOSE, RIGHT_HIP, LEFT_HIP = 0, 8, 11
TARGETS = ("keypoints-long", "keypoints-wide", "openpose", "yolo", "yolo-pose")


def somebody(track_ids=(7,)) -> People:
    """A box from (10, 20) to (30, 60); nose and hips are known."""
    points, scores = np.full((1, 14, 2), np.nan), np.zeros((1, 14))
    for joint, point, score in (
        (NOSE, (20, 25), 0.9),
        (RIGHT_HIP, (15, 40), 0.8),
        (LEFT_HIP, (25, 42), 0.6),
    ):
        points[0, joint], scores[0, joint] = point, score
    ids = None if track_ids is None else list(track_ids)
    return People(np.array([[10, 20, 30, 60]]), np.array([0.5]), ids, points, scores)


def clip(*people: People, name: str = "v", fps=10.0) -> VideoSequence:
    frames = tuple(FramePeople(5 * i, each) for i, each in enumerate(people))
    found = of_results(ResultSequence(name, frames))
    return VideoSequence(name, found.frames, found.num_frames, 100, 80, fps)


def rows(path) -> list[dict[str, str]]:
    with open(path) as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("target", TARGETS)
def test_nobody(tmp_path, target):
    written = write(clip(People.empty()), tmp_path / "out", target)
    assert all(path.exists() for path in written.files)
    assert write(VideoSequence("w", (), 0, 9, 9), tmp_path / "none", target) is not None


def test_long(tmp_path):
    write(clip(People.empty(), somebody()), tmp_path / "t.csv", "keypoints-long")
    assert rows(tmp_path / "t.csv")[0] == {
        "sequence": "v", "frame": "5", "seconds": "0.5", "person": "0", "track_id": "7",
        "joint": "nose", "x": "20.0", "y": "25.0", "score": "0.9",
    }  # fmt: skip
    assert [row["joint"] for row in rows(tmp_path / "t.csv")] == ["nose", "right_hip", "left_hip"]


def test_wide(tmp_path):
    sequence = clip(People.empty(), somebody(None), fps=None)
    write(sequence, tmp_path / "t.csv", "keypoints-wide")
    nobody, one = rows(tmp_path / "t.csv")
    assert (nobody["frame"], nobody["person"], nobody["nose_x"]) == ("0", "", "")
    assert (one["seconds"], one["track_id"]) == ("", "")
    assert (one["left_hip_y"], one["left_hip_score"], one["chest_x"]) == ("42.0", "0.6", "")


@pytest.mark.parametrize("target", ["keypoints-long", "keypoints-wide"])
def test_names_are_no_formulas(tmp_path, target):
    write(clip(somebody(), name="=1+1"), tmp_path / "t.csv", target)
    assert (tmp_path / "t.csv").read_text().splitlines()[1].startswith("'=1+1,")


@pytest.mark.parametrize("target", TARGETS)
def test_names_are_no_paths(tmp_path, target):
    with pytest.raises(InputError, match="cannot name a file"):
        write(clip(somebody(), name="../v"), tmp_path / "out" / "deep", target)
    assert not (tmp_path / "out").exists()


def test_openpose(tmp_path):
    """The middle of the hips: ((15 + 25) / 2, (40 + 42) / 2), the lower of .8 and .6."""
    written = write(clip(People.empty(), somebody()), tmp_path, "openpose")
    empty, full = (json.loads(path.read_text()) for path in written.files)
    assert written.files[1] == tmp_path / "v" / "v_000000000005_keypoints.json"
    assert empty == {"version": 1.3, "people": []}
    [person] = full["people"]
    table = np.array(person["pose_keypoints_2d"]).reshape(25, 3)
    assert person["person_id"] == [7]
    assert table[0].tolist() == [20, 25, 0.9]
    assert table[9].tolist() == [15, 40, 0.8]
    assert table[12].tolist() == [25, 42, 0.6]
    assert table[8].tolist() == [20, 41, 0.6]
    assert not table[[1, 2, 15, 24]].any()
    assert person["face_keypoints_2d"] == []


def test_yolo(tmp_path):
    """Of 100 x 80: middle (20, 40) is (.2, .5), size 20 x 40 is (.2, .5)."""
    written = write(clip(People.empty(), somebody()), tmp_path, "yolo")
    assert [path.name for path in written.files] == ["000000.txt", "000005.txt"]
    assert written.files[0].read_text() == ""
    assert written.files[1].read_text() == "0 0.2 0.5 0.2 0.5 0.5 7\n"
    [path] = write(clip(somebody(None)), tmp_path / "b", "yolo").files
    assert path.read_text() == "0 0.2 0.5 0.2 0.5 0.5\n"


def test_yolo_cuts_at_the_border(tmp_path):
    """From -10 to 10 of 100: cut to 0 .. .1; a box outside of the image is none."""
    people = People(np.array([[-10, 0, 10, 80], [120, 0, 140, 80]]), np.ones(2))
    [path] = write(clip(people), tmp_path, "yolo").files
    assert path.read_text() == "0 0.05 0.5 0.1 1 1\n"


def test_yolo_labels_for_training(tmp_path):
    """Truth has neither score nor identity; v is 2 where a joint is seen, 1 where it is hidden."""
    points = np.full((1, 14, 2), np.nan)
    points[0, NOSE], points[0, RIGHT_HIP] = (20, 24), (15, 40)
    visibility = np.full((1, 14), -1)
    visibility[0, NOSE], visibility[0, RIGHT_HIP] = 1, 0
    truth = Annotations(
        np.array([[10, 20, 30, 60]]), np.array([7]), np.array([False]), points, visibility
    )
    sequence = of_truth(TruthSequence("v", (truth, Annotations.empty(False)), 100, 80))
    [path] = write(sequence, tmp_path, "yolo-pose").files
    cells = path.read_text().split()
    assert len(cells) == 5 + 14 * 3
    assert cells[5:8] == ["0.2", "0.3", "2"]
    assert cells[5 + 3 * RIGHT_HIP : 8 + 3 * RIGHT_HIP] == ["0.15", "0.5", "1"]
    assert cells[8:11] == ["0", "0", "0"]
    [path] = write(sequence, tmp_path / "boxes", "yolo").files
    assert path.read_text() == "0 0.2 0.5 0.2 0.5\n"


def test_yolo_needs_the_image_size(tmp_path):
    sequence = of_results(ResultSequence("v", (FramePeople(0, somebody()),)))
    with pytest.raises(ConfigError, match="add --size WIDTHxHEIGHT"):
        write(sequence, tmp_path, "yolo")


@pytest.mark.parametrize("target", TARGETS)
def test_they_are_not_read(target):
    layout = find(target)
    assert layout.read_truth is None
    assert layout.read_results is None


def test_what_is_lost_is_counted(tmp_path):
    written = write(clip(somebody()), tmp_path / "t.csv", "keypoints-long")
    assert written.lost["boxes"] == 1
    assert "joints" not in written.lost
    assert write(clip(somebody()), tmp_path / "y", "yolo").lost["joints"] == 3


def test_existing_files_are_kept(tmp_path):
    write(clip(somebody()), tmp_path, "openpose")
    with pytest.raises(ConfigError, match="exists already"):
        write(clip(somebody()), tmp_path, "openpose")
    write(clip(somebody()), tmp_path, "openpose", overwrite=True)
