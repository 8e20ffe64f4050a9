"""A run without end in numbered pieces."""

import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.pipeline.output import OutputDir
from hie_cli.streaming.segments import Segments, make_room

CAMERA = VideoInfo("cam", 64, 48, 25.0, None)


def test_segments_are_whole_frames_of_the_stride():
    segments = Segments.of(CAMERA, 4, 10.0)
    assert segments.length == 248  # 250 frames in ten seconds, 62.5 strides: 62 of 4 frames
    assert [segments.number(i) for i in (0, 244, 248)] == [0, 0, 1]
    local = segments.local(FramePeople(252, People.empty()))
    assert (local.index, local.video.name) == (4, "cam-0002")
    assert segments.first(1) == 248
    assert segments.missing(frames=60, last=244) == 2  # 0, 4, ... 244 are 62


def test_without_files_there_is_one_segment():
    segments = Segments.of(CAMERA, 1, None)
    local = segments.local(FramePeople(9**9, People.empty()))
    assert (local.index, local.video) == (9**9, CAMERA)


@pytest.mark.parametrize("seconds", [0.001, 1e6])
def test_segments_that_no_document_can_be(seconds):
    with pytest.raises(ConfigError, match=r"--segment: .* expected from one frame .* to 11\.1 h"):
        Segments.of(CAMERA, 1, seconds)


def test_earlier_segments_are_refused_or_replaced_and_nothing_else(tmp_path):
    for name in ("track/cam-0001.json", "track/cam-0012.json", "render/cam-0001.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    kept = [tmp_path / "track" / name for name in ("cam.json", "cam-02.json", "mycam-0001.json")]
    for path in kept:
        path.touch()
    with pytest.raises(ConfigError, match=r"cam-0001\.mp4: exists already; --overwrite"):
        make_room(OutputDir(tmp_path), "cam", ("track", "render"))
    make_room(OutputDir(tmp_path, overwrite=True), "cam", ("track", "render"))
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(kept)
