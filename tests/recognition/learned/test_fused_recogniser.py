import hashlib
import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hie_cli.core.errors import ModelError
from hie_cli.core.types import Frame, FramePeople, People, VideoInfo
from hie_cli.recognition.learned.fused_recogniser import (
    SCENE_FILE,
    Fusion,
    FusionCard,
    is_fusion,
    load_fusion,
    member_folder,
    needs_pixels,
    read_fusion_card,
)
from hie_cli.recognition.scene.correction import ScenePrior
from hie_cli.recognition.scene.descriptor import BAND
from hie_cli.recognition.window import windows

VIDEO = VideoInfo("place", 64, 48, 10.0, 4)
PEOPLE = [
    FramePeople(t, People(np.array([[20, 10, 30, 40.0]]), np.ones(1), np.array([1])))
    for t in range(4)
]


class Fixed:
    """Scores everybody the same."""

    def __init__(self, action):
        self.row = np.full(14, 0.01)
        self.row[action] = 0.87

    def score(self, window):
        return np.tile(self.row, (len(window.people), 1))


def window(people=PEOPLE):
    return next(w for _, w in windows(people, VIDEO, 1.0, 1))


class Footage:
    """Four grey frames; counts how often it was gone over."""

    def __init__(self):
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        return iter([Frame(t, np.full((48, 64, 3), 90, np.uint8)) for t in range(4)])


def write(folder, scene="none", beta=None, **changes):
    """A fusion of kinematic and pose-stream-sim."""
    folder.mkdir(exist_ok=True)
    sha = {}
    if scene == "prior":
        torch.manual_seed(0)
        save_file(ScenePrior(BAND).state_dict(), folder / SCENE_FILE)
        sha = {SCENE_FILE: hashlib.sha256((folder / SCENE_FILE).read_bytes()).hexdigest()}
    card = FusionCard(
        "both", ("kinematic", "pose-stream-sim"), (0.25, 0.75), scene, beta, "", sha, "made", {}
    )
    (folder / "card.json").write_text(json.dumps(card.record() | changes))
    return folder


def load(folder, frames=None, people=PEOPLE):
    members = {"kinematic": Fixed(3), "pose-stream-sim": Fixed(5)}
    return load_fusion(folder, VIDEO, frames, people, "cpu", members.__getitem__)


def test_nobody():
    fusion = Fusion([Fixed(0)], [1.0])
    assert fusion.score(window([FramePeople(0, People.empty())])).shape == (0, 14)


def test_the_weighted_mean_by_hand(tmp_path):
    # 0.25 * 0.87 + 0.75 * 0.01 = 0.225 and 0.25 * 0.01 + 0.75 * 0.87 = 0.655.
    found = load(write(tmp_path / "f")).score(window())[0]
    assert found[3] == pytest.approx(0.225)
    assert found[5] == pytest.approx(0.655)
    assert not needs_pixels(tmp_path / "f")


def test_the_place_is_looked_at_once_and_late(tmp_path):
    folder = write(tmp_path / "f", "prior", 2.0)
    assert needs_pixels(folder)
    frames = Footage()
    fusion = load(folder, frames)
    assert frames.passes == 0  # a check of the model opens no video
    first = fusion.score(window())
    fusion.score(window())
    assert frames.passes == 1
    assert first.sum() == pytest.approx(1)
    assert np.abs(first - load(write(tmp_path / "g")).score(window())).max() > 0.01


def test_the_place_needs_video_and_people_twice(tmp_path):
    folder = write(tmp_path / "f", "prior", 2.0)
    with pytest.raises(ModelError, match="--video"):
        load(folder)
    with pytest.raises(ValueError, match="twice"):
        load(folder, Footage(), iter(PEOPLE))


def test_a_damaged_network_is_refused(tmp_path):
    folder = write(tmp_path / "f", "prior", 2.0)
    (folder / SCENE_FILE).write_bytes(b"nothing")
    with pytest.raises(ModelError, match="sha256"):
        load(folder, Footage())
    (folder / SCENE_FILE).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        load(folder, Footage())


@pytest.mark.parametrize(
    "changes",
    [
        {"members": ["kinematic", "../../etc"]},
        {"members": ["kinematic"]},
        {"weights": [0.5, 0.9]},
        {"weights": [-0.5, 1.5]},
        {"weights": "equal"},
        {"scene": "magic"},
        {"scene": "prior"},
        {"beta": 1.0},
        {"sha256": [1]},
        {"actions": ["walking"]},
        {"members": 5},
    ],
)
def test_a_card_that_makes_no_sense_is_refused(tmp_path, changes):
    folder = write(tmp_path / "f", **changes)
    with pytest.raises(ModelError, match=r"card.json"):
        read_fusion_card(folder)


def test_an_own_member_must_be_there_and_undamaged(tmp_path):
    folder = write(tmp_path / "f", members=["own", "kinematic"])
    with pytest.raises(ModelError, match="cannot be read"):
        load(folder)
    inside = member_folder(folder, 0)
    inside.mkdir(parents=True)
    (inside / "card.json").write_text("{}")
    with pytest.raises(ModelError, match="sha256"):
        load(folder)


def test_other_folders_are_no_fusions(tmp_path):
    assert not is_fusion("kinematic")
    assert not is_fusion(str(tmp_path))
    (tmp_path / "card.json").write_text("[1")
    assert not is_fusion(str(tmp_path))
    (tmp_path / "card.json").write_text('{"network": "pose-stream"}')
    assert not is_fusion(str(tmp_path))
    assert is_fusion(str(write(tmp_path / "f")))
