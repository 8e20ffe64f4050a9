"""``hie render`` from a document and its video, without networks."""

import json

import cv2
import numpy as np
import pytest

import hie_cli
from hie_cli.cli.app import run
from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.rendering.encoder import OverlayWriter, h264_encoder
from hie_cli.video.timestamps import frame_times

pytestmark = pytest.mark.skipif(h264_encoder() is None, reason="PyAV is not installed")
STAMPS = [i / 10 if i < 8 else i / 5 for i in range(16)]  # 10 frames a second, then 5


@pytest.fixture
def clip(tmp_path):
    """A video of a walking striped square at a varying rate, and its track document."""
    writer = OverlayWriter(tmp_path / "walk.mp4", 10.0)
    video = VideoInfo("walk", 160, 120, 10.0, len(STAMPS))
    document = DocumentWriter(tmp_path / "walk.json", Header("track", video), False)
    for i, seconds in enumerate(STAMPS):
        image = np.zeros((120, 160, 3), np.uint8)
        image[30:70, 50 + 2 * i : 70 + 2 * i : 4] = 255
        writer.write(image, seconds)
        box = np.array([[50 + 2 * i, 30, 70 + 2 * i, 70]])
        document.write(FramePeople(i, People(box, np.ones(1), [4])))
    writer.close()
    document.publish()
    document.close()
    return tmp_path


def render(clip, *options: str) -> int:
    arguments = ["render", str(clip / "walk.json"), "--video", str(clip / "walk.mp4")]
    return run([*arguments, "-o", str(clip / "out"), "-q", *options])


def overlay(clip) -> list[np.ndarray]:
    capture = cv2.VideoCapture(str(clip / "out" / "render" / "walk.mp4"))
    images = []
    while (read := capture.read())[0]:
        images.append(read[1])
    return images


def test_time_stamps_are_the_videos(clip):
    assert render(clip) == 0
    times = frame_times(clip / "out" / "render" / "walk.mp4", len(STAMPS))
    np.testing.assert_allclose(times, STAMPS, atol=1e-3)


def test_slow_scale_and_crop(clip):
    assert render(clip, "--slow", "2", "--scale", "0.5", "--crop", "40,20,100,80") == 0
    times = frame_times(clip / "out" / "render" / "walk.mp4", len(STAMPS))
    np.testing.assert_allclose(times, np.array(STAMPS) * 2, atol=1e-3)
    assert overlay(clip)[0].shape == (40, 50, 3)


def test_what_is_shown(clip):
    assert render(clip, "--show", "boxes", "--set", "render.legend=false") == 0
    frame = overlay(clip)[0]
    assert frame[50, 50].max() > 60, "the box's left side"
    assert render(clip, "--show", "boxes", "--only", "5", "--set", "render.legend=false",
                  "--overwrite") == 0  # fmt: skip
    assert overlay(clip)[0][29].max() < 40, "nobody is number 5"


def test_identities_that_are_not_there_are_said(clip, capsys):
    arguments = ["render", str(clip / "walk.json"), "--video", str(clip / "walk.mp4")]
    assert run([*arguments, "-o", str(clip / "out"), "--only", "4,5,9"]) == 0
    assert "walk: nobody has the identity 5, 9" in capsys.readouterr().err
    video = VideoInfo("walk", 160, 120, 10.0, len(STAMPS))
    document = DocumentWriter(clip / "none" / "walk.json", Header("detect", video), False)
    for i in range(len(STAMPS)):
        document.write(FramePeople(i, People(np.array([[50, 30, 70, 70]]), np.ones(1))))
    document.publish()
    document.close()
    arguments[1] = str(clip / "none" / "walk.json")
    assert run([*arguments, "-o", str(clip / "none"), "--only", "4"]) == 3
    assert "frame 0: people have no track_id to choose them by" in capsys.readouterr().err
    assert not (clip / "none" / "render" / "walk.mp4").exists()


def test_blur_hides_people_in_every_picture(clip):
    assert render(clip, "--blur", "people", "--cutouts", "--show", "ids", "--png") == 0
    for frame in overlay(clip):
        assert np.abs(np.diff(frame[50, :, 0].astype(int))).max() < 90, "no stripes of 255"
    clips = list((clip / "out" / "cutouts" / "walk").iterdir())
    assert [path.name for path in clips] == ["4.mp4"]
    assert render(clip, "--cutouts") == 2, "exists already"


def test_zones_are_drawn(clip):
    (clip / "zones.yaml").write_text("lines: {door: [[80, 100], [80, 119]]}")
    assert render(clip, "--zones", str(clip / "zones.yaml")) == 0
    assert overlay(clip)[0][112, 80].max() > 80
    (clip / "zones.yaml").write_text("lines: {door: [[80, 100]]}")
    assert render(clip, "--zones", str(clip / "zones.yaml"), "--overwrite") == 3


def test_files_are_told(clip, capsys):
    assert render(clip, "--cutouts", "--json") == 0
    [record] = json.loads(capsys.readouterr().out)["videos"]
    names = [name.removeprefix(f"{clip}/out/") for name in record["files"]]
    assert names == ["render/walk.mp4", "render/walk.png", "cutouts/walk/4.mp4"]


def test_the_same_from_python(clip):
    (clip / "zones.yaml").write_text("lines: {door: [[80, 0], [80, 119]]}")
    files = hie_cli.render(
        clip / "walk.json",
        video=clip / "walk.mp4",
        output=clip / "out",
        cutouts=True,
        blur="heads",
        show=["boxes"],
        zones=clip / "zones.yaml",
    )
    assert [path.name for path in files] == ["walk.mp4", "walk.png", "4.mp4"]


def test_a_failure_leaves_nothing(clip, monkeypatch):
    def fail(*arguments):
        raise ConfigError("no")

    monkeypatch.setattr("hie_cli.rendering.sheet.ContactSheet.add", fail)
    with pytest.raises(ConfigError):
        hie_cli.render(clip / "walk.json", video=clip / "walk.mp4", output=clip / "out",
                       set={"render.cutouts": True})  # fmt: skip
    left = [path for path in (clip / "out").rglob("*") if path.is_file()]
    assert left == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--show", "boxs"], "'boxs' is not one of boxes, poses.*did you mean 'boxes'"),
        (["--only", "a"], "--only a: expected identities such as 3,7"),
        (["--crop", "1,2"], "render.crop: expected 4 numbers"),
        (["--crop", "1,2,x,4"], "--crop 1,2,x,4: expected X,Y,W,H"),
        (["--slow", "0"], "render.slow: expected 0.01..100, got 0"),
        (["--blur", "face"], "'face' is not one of none, faces, heads, people"),
    ],
)
def test_wrong_options_are_one_line(clip, options, message):
    with pytest.raises(ConfigError, match=message) as found:
        render(clip, *options)
    assert "\n" not in str(found.value)
