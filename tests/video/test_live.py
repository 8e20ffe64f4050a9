"""Live sources on streams of this machine: in real time, cut, restarted, guarded, hostile."""

import gc
import http.client
import subprocess
import threading
import time
from itertools import pairwise
from pathlib import Path

import cv2
import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.video.addresses import parse_address
from hie_cli.video.live import LiveOptions, LiveSource
from tests.support import streams
from tests.support.paths import ROOT

pytest.importorskip("av", reason="PyAV is not installed")
SYSTEM = "/usr/bin/python3"


def opened(url: str, told=None, timeout: float = 3.0, **options) -> LiveSource:
    return LiveSource(parse_address(url), LiveOptions(timeout, **options), told=told)


def indices(source: LiveSource, stride: int = 1, slow: float = 0.0) -> list[int]:
    found = []
    source.start(stride)
    for frame in source:
        assert frame.image.shape == (120, 160, 3)
        found.append(frame.index)
        time.sleep(slow)
    return found


def test_a_transport_stream_to_its_end():
    with streams.serving({"/live.ts": streams.live(36)}) as server:
        source = opened(server.url + "/live.ts")
        found = indices(source)
    assert (source.info.width, source.info.height, source.info.fps) == (160, 120, 20.0)
    assert len(found) >= 12
    assert found[-1] - found[0] == len(found) - 1 + source.dropped + source.absent
    assert source.lost is None
    assert source.started is not None


def test_who_is_slow_gets_the_newest_frame_and_the_rest_is_counted():
    with streams.serving({"/live.ts": streams.live(40)}) as server:
        source = opened(server.url + "/live.ts")
        found = indices(source, slow=0.2)  # five frames a second of twenty
    assert 3 <= len(found) <= 12
    assert source.dropped >= 6
    assert max(b - a for a, b in pairwise(found)) <= 8  # no backlog


def test_every_fourth_frame_is_no_loss():
    with streams.serving({"/live.ts": streams.live(40)}) as server:
        source = opened(server.url + "/live.ts")
        found = indices(source, stride=4)
    assert found == list(range(0, found[-1] + 1, 4))
    assert (source.dropped, source.absent) == (0, 0)


def test_a_cut_stream_is_connected_again():
    news = []
    with streams.serving({"/live.ts": streams.live(40, cut_after=24)}) as server:
        source = opened(server.url + "/live.ts", news.append)
        found = indices(source, stride=2)
    assert [each.kind for each in news] == ["lost", "back"]
    assert "the connection broke off" in news[0].text
    assert source.lost is None
    gap = max(b - a for a, b in pairwise(found))
    assert gap >= 20  # it waited a second before it tried: 20 frames
    assert source.absent >= gap // 2 - 1


def test_a_source_that_stays_away_is_given_up():
    with streams.serving({"/live.ts": streams.live(60, cut_after=24)}) as server:
        source = opened(server.url + "/live.ts", patience=0.5)
        server.pages.clear()
        assert indices(source)
    assert "lost for 0.5 s" in str(source.lost)
    assert "complete" in str(source.lost)


def test_pictures_without_time_stamps():
    with streams.serving({"/cam.mjpg": streams.motion_jpeg(48)}) as server:
        source = opened(server.url + "/cam.mjpg")
        found = indices(source)
    assert source.info.fps == pytest.approx(20, abs=2)  # measured
    assert found


def test_a_playlist_that_grows(tmp_path):
    with streams.serving(streams.growing(tmp_path)) as server:
        source = opened(server.url + "/live.m3u8")
        found = indices(source)
    assert source.info.fps == 20.0
    assert len(found) >= 45  # of 60: segments come in bursts and are shown at their time
    assert source.lost is None


def test_stop_ends_it_at_once():
    with streams.serving({"/live.ts": streams.live(200)}) as server:
        source = opened(server.url + "/live.ts")
        threading.Timer(0.2, source.stop).start()
        begun = time.monotonic()
        indices(source)
        assert time.monotonic() - begun < 1.0


def unread_answers() -> list[http.client.HTTPResponse]:
    """Answers of this process whose connection is open."""
    answers = [each for each in gc.get_objects() if isinstance(each, http.client.HTTPResponse)]
    return [answer for answer in answers if answer.fp is not None]


def test_user_and_password():
    pages = {"/live.ts": streams.guarded(streams.live(24), "me", "se:cret")}
    with streams.serving(pages) as server:
        url = server.url.replace("//", "//me:se%3Acret@") + "/live.ts"
        assert indices(opened(url)) is not None
        for login, words in (("", "asks for a user name"), ("me:se%3Acrat@", "is wrong")):
            url = server.url.replace("//", f"//{login}") + "/live.ts"
            with pytest.raises(InputError, match=words) as found:
                opened(url)
            assert "crat" not in str(found.value)
            assert unread_answers() == []  # the first 401, too, while its error is still there


def test_a_recording_waits_for_its_reader():
    pages = {"/file.ts": streams.whole(b"".join(streams.transport_stream(20)))}
    with streams.serving(pages) as server:
        source = opened(server.url + "/file.ts")
        time.sleep(0.5)  # as networks take to load
        found = indices(source)
    assert found == list(range(20))  # in real time, and nothing was lost
    assert 0.9 < source.seconds < 3


SEGMENT = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n%s#EXTINF:1,\n%s\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (streams.missing, "answer 404: no such stream there"),
        (streams.whole(b"nothing to see " * 99), "not a video stream that can be decoded"),
        (streams.whole(b""), "not a video stream that can be decoded"),
        (streams.moved("http://localhost:1/x"), "redirects to another place"),
        (streams.moved("file:///etc/passwd"), "redirects to another place"),
        (streams.whole(SEGMENT % (b"", b"http://localhost:1/a.ts")), "playlist that points to an"),
        (streams.whole(SEGMENT % (b"", b"file:///etc/passwd")), "not a video stream"),
        (streams.whole(SEGMENT % (b'#EXT-X-KEY:METHOD=AES-128,URI="k"\n', b"a.ts")), "encrypted"),
    ],
)
def test_what_is_refused_in_one_line(page, words):
    with streams.serving({"/x": page}) as server:
        with pytest.raises(InputError, match=words) as found:
            opened(server.url + "/x")
        assert str(found.value).startswith(f"{server.url}/x: ")
        assert "\n" not in str(found.value)


def test_a_stream_of_sound_alone():
    sound = streams.whole(b"".join(streams.transport_stream(60, True)))
    with (
        streams.serving({"/x": sound}) as server,
        pytest.raises(InputError, match="holds no video"),
    ):
        opened(server.url + "/x")


def test_a_redirect_within_the_site_is_followed():
    pages = {"/a": streams.moved("/live.ts"), "/live.ts": streams.live(24)}
    with streams.serving(pages) as server:
        assert opened(server.url + "/a").info.fps == 20.0


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_nobody_there(scheme):
    with pytest.raises(InputError, match="connection refused: nothing listens there"):
        opened(f"{scheme}://me:secret@127.0.0.1:9/x")
    with pytest.raises(InputError, match="unknown host") as found:
        opened(f"{scheme}://me:secret@no-such-host.invalid/x")
    assert "secret" not in str(found.value)


def test_a_silent_server_times_out():
    with (
        streams.serving({"/x": lambda answer: time.sleep(1)}) as server,
        pytest.raises(InputError, match=r"no answer for 0\.3 s"),
    ):
        opened(server.url + "/x", timeout=0.3)


def test_a_missing_camera():
    if cv2.VideoCapture(63).isOpened():
        pytest.skip("camera 63 exists here")
    with pytest.raises(InputError, match="camera 63: no such camera on this machine"):
        opened("63")


def test_without_pyav(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(ConfigError, match=r"pip install 'hie\[video\]'"):
        opened("http://127.0.0.1:9/x")


@pytest.fixture
def rtsp():
    """``rtsp(*login)``: the port of an RTSP server, where Debian's is installed."""
    check = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if (
        not Path(SYSTEM).exists()
        or subprocess.run([SYSTEM, "-c", check], capture_output=True, check=False).returncode
    ):
        pytest.skip("no GStreamer RTSP server (python3-gi gir1.2-gst-rtsp-server-1.0)")
    running = []

    def start(*login: str) -> str:
        script = ROOT / "tests" / "support" / "rtsp_server.py"
        server = subprocess.Popen(
            [SYSTEM, str(script), *login], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip
        running.append(server)
        assert server.stdout is not None
        return server.stdout.readline().strip()

    yield start
    for server in running:
        server.kill()
        server.wait()
        server.stdout.close()


def test_rtsp(rtsp):
    port = rtsp("me", "secret")
    for url, words in (
        (f"rtsp://127.0.0.1:{port}/live", "answer 401"),
        (f"rtsp://me:wrongly@127.0.0.1:{port}/live", "answer 401"),
        (f"rtsp://me:secret@127.0.0.1:{port}/other", "answer 404"),
    ):
        with pytest.raises(InputError, match=words) as found:
            opened(url)
        assert not {"secret", "wrongly"} & set(str(found.value).replace(":", " ").split())
    source = opened(f"rtsp://me:secret@127.0.0.1:{port}/live")
    threading.Timer(1.0, source.stop).start()
    assert len(indices(source, stride=2)) >= 5
    assert source.info.fps == 20.0
