"""Identities before poses: the same files in one process as by the separate commands."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Document
from hie_cli.pipeline import stages as pipeline_stages
from hie_cli.pipeline.document_inputs import open_video
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.run import run_document, run_video
from hie_cli.pipeline.settings import STAGES, ChainConfig, load_chain, stages_until
from hie_cli.pipeline.stages import VideoRun
from hie_cli.video.sources import VideoSource
from tests.support import fakes
from tests.support.batches import files
from tests.support.films import walkers, write_film

FRAMES = 24
TRACK_FIRST = replace(ChainConfig(), order="track-first")


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Two bright squares on black; one of them is gone for three frames."""
    images = (walkers(t, upper=t not in (10, 11, 12)) for t in range(FRAMES))
    return write_film(tmp_path_factory.mktemp("clip") / "walkers.avi", images)


def test_run_in_this_order_equals_the_separate_commands(clip, tmp_path):
    stages = stages_until("action", TRACK_FIRST.order)
    result = run_video(
        VideoSource(clip), stages, OutputDir(tmp_path / "run"), TRACK_FIRST, fakes.models()
    )
    apart = tmp_path / "apart"
    run_video(VideoSource(clip), ("detect",), OutputDir(apart), TRACK_FIRST, fakes.models())
    for before, stage in (("detect", "track"), ("track", "pose"), ("pose", "action")):
        document = Document(apart / before / "walkers.json")
        source = None if stage == "action" else open_video(document, clip, None)
        run_document(document, source, stage, OutputDir(apart), TRACK_FIRST, fakes.models())
    assert files(tmp_path / "run") == files(apart)
    assert sorted(files(apart)) == [
        f"{s}/walkers.json" for s in ("action", "detect", "pose", "track")
    ]

    tracks = list(Document(apart / "track" / "walkers.json"))
    poses = list(Document(apart / "pose" / "walkers.json"))
    for track, pose, final in zip(tracks, poses, result, strict=True):
        assert track.people.keypoints is None or not len(track.people)
        given = pose.people.track_ids.tolist()
        assert given[: len(track.people)] == track.people.track_ids.tolist()
        assert len(set(given)) == len(given)
        assert np.isfinite(pose.people.keypoints).all()
        assert final.people.track_ids.tolist() == given
    assert {i for item in poses for i in item.people.track_ids.tolist()} == {1, 2}


def test_an_appearance_network_stands_in_the_tracks_header(clip, tmp_path):
    """Which ``hie run`` and the single commands write alike."""
    models = fakes.models()
    models.appearance = fakes.BrightnessLook()
    usual = ChainConfig()
    stages = stages_until("track", usual.order)
    run_video(VideoSource(clip), stages, OutputDir(tmp_path / "run"), usual, models)
    document = Document(tmp_path / "run" / "pose" / "walkers.json")
    source = open_video(document, clip, None)
    run_document(document, source, "track", OutputDir(tmp_path / "apart"), usual, models)
    both = [files(tmp_path / name)["track/walkers.json"] for name in ("run", "apart")]
    assert both[0] == both[1]
    header = Document(tmp_path / "run" / "track" / "walkers.json").header
    assert header.models[-1] == {"name": "brightness-look", "sha256": "2" * 64}


def test_without_identities_the_order_changes_nothing(clip, tmp_path):
    for name, config in (("a", ChainConfig()), ("b", TRACK_FIRST)):
        run_video(VideoSource(clip), STAGES[:2], OutputDir(tmp_path / name), config, fakes.models())
    assert files(tmp_path / "a") == files(tmp_path / "b")


@pytest.mark.parametrize("order", ["pose-first", "track-first"])
def test_with_identities_first_nobody_has_the_pose_of_another(order):
    """Two stand side by side; in the second frame both are given the first one's pose."""
    boxes = np.array([[0, 0, 40, 100], [20, 0, 60, 100]])
    down = np.linspace(0, 100, 14)
    own = np.stack([np.stack([np.full(14, 10), down], 1), np.stack([np.full(14, 50), down], 1)])
    seen = [
        FramePeople(t, People(boxes, [0.9, 0.9], [1, 2], joints, np.full((2, 14), 0.8)))
        for t, joints in enumerate((own, own[[0, 0]]))
    ]
    config, video = replace(ChainConfig(), order=order), VideoInfo("v", 640, 480, 10.0, 2)
    _, found = pipeline_stages.with_own_poses(iter(seen), config, video)
    expected = own if order == "track-first" else own[[0, 0]]
    assert np.allclose(found.people.keypoints, expected)


def test_identities_first_make_poses_depend_on_more_frames():
    """On those of two seconds: 20 frames, of which every second one is used."""
    video = VideoInfo("v", 640, 480, 10.0, 50)
    usual, more = (
        pipeline_stages.pose(VideoRun(video, 2, None, config, fakes.models())).context
        for config in (ChainConfig(), TRACK_FIRST)
    )
    assert (usual, more) == (5, 5 + 10)


def test_the_order_is_a_setting():
    assert load_chain(None, [], ["order=track-first"]) == TRACK_FIRST
    with pytest.raises(ConfigError, match="not one of pose-first, track-first"):
        load_chain(None, [], ["order=tracks-first"])
