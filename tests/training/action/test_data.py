import json

import numpy as np
import pytest

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.training.action import data
from hie_cli.training.action.data import Material, held_out, materials, within

NAMES = ["day-1", "day-2", "night-1"]


@pytest.mark.parametrize(
    ("patterns", "apart"),
    [
        (["night-1"], {"night-1"}),
        (["day-*"], {"day-1", "day-2"}),
        (["*-[2-9]", "night-?"], {"day-2", "night-1"}),
    ],
)
def test_videos_are_held_out_by_name_or_pattern(patterns, apart):
    assert held_out(NAMES, patterns) == apart


def test_a_pattern_that_names_nothing_is_a_mistake():
    with pytest.raises(InputError, match="--val dusk: no such video in the data"):
        held_out(NAMES, ["day-1", "dusk"])


def test_something_must_be_held_out():
    with pytest.raises(ConfigError, match="--val"):
        held_out(NAMES, [])


def material(name, frames):
    """A video whose every frame is labelled."""
    observed = [FramePeople(index, People.empty()) for index in frames]
    labels = {k: np.array([1]) for k in range(len(observed))}
    return Material(name, VideoInfo(name, 64, 48, 25.0, 100), observed, labels)


def test_cuts_leave_the_labels_inside_them(tmp_path):
    """Frames 10, 12, ..., 28 lie at positions 0 to 9: 14, 16, 18 at 2, 3, 4 and 26 at 8."""
    cuts = tmp_path / "cuts.json"
    pieces = [("day-1", [13, 20]), ("clips/day-1.mp4", [26, 27]), ("night-1", [0, 5])]
    cuts.write_text(json.dumps({"cuts": [{"video": v, "frames": f} for v, f in pieces]}))
    videos = [material("day-1", range(10, 30, 2)), material("day-2", range(10))]
    (kept,) = within(videos, cuts)
    assert (kept.name, sorted(kept.labels)) == ("day-1", [2, 3, 4, 8])
    with pytest.raises(InputError, match="no label"):
        within(videos[1:], cuts)


def test_a_piece_takes_its_labels_from_the_truth_of_its_video(tmp_path, monkeypatch):
    """`hie run --cuts` writes day-4-6.json; truth knows "day", whose frame t shows action t."""
    box = np.array([[10.0, 10, 30, 60]])
    frames = tuple(
        Annotations(box, np.zeros(1, int), np.zeros(1, bool), actions=np.array([t]))
        for t in range(8)
    )
    monkeypatch.setattr(data, "read_truth", lambda _: {"day": TruthSequence("day", frames)})
    video = VideoInfo("day-4-6", 100, 100, 25.0, 8)
    with DocumentWriter(tmp_path / "day-4-6.json", Header("track", video, (4, 6, 1))) as writer:
        for index in (4, 5):
            writer.write(FramePeople(index, People(box, np.ones(1), np.array([1]))))
    (found,) = materials([tmp_path / "day-4-6.json"], tmp_path / "truth", poses=False)
    assert {k: row.tolist() for k, row in found.labels.items()} == {0: [4], 1: [5]}
