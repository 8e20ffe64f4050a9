import resource
import subprocess
import sys

import cv2
import numpy as np
import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import set_reporter
from hie_cli.rendering import encoder
from hie_cli.rendering.encoder import OverlayWriter, h264_encoder
from hie_cli.video.timestamps import frame_times

needs_h264 = pytest.mark.skipif(h264_encoder() is None, reason="PyAV is not installed")
BLACK = np.zeros((48, 64, 3), np.uint8)


def write(path, stamps, images=None, fps: float = 10.0):
    writer = OverlayWriter(path, fps)
    for i, seconds in enumerate(stamps):
        writer.write(BLACK if images is None else images[i], seconds)
    assert not path.exists()
    writer.close()
    return path


def test_overlay_video_is_published_whole(tmp_path):
    path = write(tmp_path / "a.mp4", [None] * 5)
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


@needs_h264
def test_time_stamps_are_kept(tmp_path):
    path = write(tmp_path / "a.mp4", [0.0, 0.1, 0.5, 0.54])
    np.testing.assert_allclose(frame_times(path, 4), [0.0, 0.1, 0.5, 0.54], atol=1e-4)


@needs_h264
def test_it_is_what_browsers_play(tmp_path):
    """H.264 High at most level 4.1, yuv420p, colours by BT.709, the index before the pictures."""
    import av

    picture = np.full((1080, 1920, 3), 90, np.uint8)
    path = write(tmp_path / "a.mp4", [None] * 3, [picture] * 3, fps=30.0)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    at = data.index(b"avcC") + 4  # ISO/IEC 14496-15: version, profile, compatibility, level
    assert data[at + 1] == 100
    assert data[at + 3] <= 41
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (1920, 1080)
        assert stream.codec_context.colorspace == stream.codec_context.color_primaries == 1


@needs_h264
def test_colours_come_back(tmp_path):
    import av

    colour = (30, 120, 200)
    path = write(tmp_path / "a.mp4", [None], [np.full((48, 64, 3), colour, np.uint8)])
    with av.open(str(path)) as container:
        [frame] = container.decode(video=0)
        image = frame.reformat(format="bgr24", src_colorspace="ITU709").to_ndarray()
    assert np.abs(image[24, 32].astype(int) - colour).max() <= 4


def test_without_pyav_mpeg4_is_written_and_that_is_said_once(tmp_path, monkeypatch):
    heard = []
    monkeypatch.setattr(encoder, "h264_encoder", lambda: None)
    encoder._say_once.cache_clear()
    set_reporter(lambda event: heard.append(event.text))
    try:
        for name in "ab":
            path = write(tmp_path / f"{name}.mp4", [None] * 3)
    finally:
        set_reporter(None)
        encoder._say_once.cache_clear()
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    assert len(heard) == 1
    assert "pip install 'hie[video]'" in heard[0]


def test_overlay_into_a_place_that_is_a_file(tmp_path):
    (tmp_path / "render").touch()
    writer = OverlayWriter(tmp_path / "render" / "a.mp4", 10.0)
    with pytest.raises(ConfigError, match=r"a\.mp4: cannot be written"):
        writer.write(BLACK)


def test_a_discarded_overlay_leaves_nothing(tmp_path):
    writer = OverlayWriter(tmp_path / "a.mp4", 10.0)
    writer.write(BLACK)
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_an_overlay_without_pictures_is_none(tmp_path):
    OverlayWriter(tmp_path / "a.mp4", 10.0).close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_publishes_nothing(tmp_path):
    """Files may have 20,000 bytes; noise needs more."""
    code = (
        "import signal, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from hie_cli.core.errors import ConfigError\n"
        "from hie_cli.rendering.encoder import OverlayWriter\n"
        "writer = OverlayWriter(Path(sys.argv[1]), 10.0)\n"
        "rng = np.random.default_rng(0)\n"
        "try:\n"
        "    for _ in range(40):\n"
        "        writer.write(rng.integers(0, 255, (120, 160, 3), np.uint8))\n"
        "    writer.close()\n"
        "except ConfigError as error:\n"
        "    writer.discard()\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.mp4")],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert "a.mp4: " in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert not list(tmp_path.glob("*"))
    assert not list(tmp_path.glob(".*.mp4"))
