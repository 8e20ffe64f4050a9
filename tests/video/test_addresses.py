"""What counts as a live source, and that passwords stay out of what is shown."""

from pathlib import Path

import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.video.addresses import is_live, parse_address
from hie_cli.video.sources import VideoSource
from hie_cli.video.video_files import find_videos


def test_addresses_and_cameras_are_live_and_files_are_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert all(map(is_live, ("rtsp://cam/live", "http://cam:8080/v.mjpg", "HTTPS://cam/a", "0")))
    (tmp_path / "0").touch()
    assert not is_live("0")  # a file of that name
    for name in ("crowd.mp4", "file:///etc/passwd", "concat:a|b", "udp://@1", "rtsp:/x", "clips/*"):
        assert not is_live(name), name


@pytest.mark.parametrize(
    ("text", "shown", "name"),
    [
        ("rtsp://cam.local/stream2", "rtsp://cam.local/stream2", "cam.local-stream2"),
        ("http://me:secret@cam:8080/a/v.m3u8?key=secret", "http://cam:8080/a/v.m3u8",
         "cam-8080-a-v"),
        ("https://[::1]/", "https://[::1]/", "1"),
        ("http://cam/../../etc", "http://cam/../../etc", "cam-..-..-etc"),
        ("2", "camera 2", "camera-2"),
    ],
)  # fmt: skip
def test_names_hold_no_password(text, shown, name):
    address = parse_address(text)
    assert (address.shown, address.name) == (shown, name)
    assert "secret" not in repr(address)


def test_the_login_is_read_and_taken_out():
    address = parse_address("http://me:se%3Acret@cam/v.ts?x=1")
    assert address.login == ("me", "se:cret")
    assert address.bare == "http://cam/v.ts?x=1"
    assert parse_address("http://cam/v.ts").login is None


@pytest.mark.parametrize("text", ["http://", "http://cam:99999/", "http://ca m/", "rtsp://a\\b/"])
def test_broken_addresses(text):
    with pytest.raises(ConfigError, match="address"):
        parse_address(text)


@pytest.mark.parametrize(
    ("own", "other", "same"),
    [
        ("http://cam/a.m3u8", "http://cam/b/c.ts", True),
        ("http://cam/a.m3u8", "http://CAM:80/c.ts", True),
        ("http://cam/a.m3u8", "https://cam/c.ts", True),  # the safer one, on its usual port
        ("https://cam/a.m3u8", "http://cam/c.ts", False),
        ("http://cam/a.m3u8", "http://cam:81/c.ts", False),
        ("http://cam/a.m3u8", "http://cam.evil.example/c.ts", False),
        ("http://cam/a.m3u8", "http://cam@evil.example/c.ts", False),
        ("http://cam/a.m3u8", "http://169.254.169.254/latest", False),
        ("http://cam/a.m3u8", "file:///etc/passwd", False),
        ("http://cam/a.m3u8", "http://cam:port/c.ts", False),
        ("rtsp://cam/a", "rtsp://cam/b", False),  # nothing that data name is opened by RTSP
    ],
)
def test_what_data_may_name(own, other, same):
    assert parse_address(own).same_site(other) is same


@pytest.mark.parametrize("text", ["rtsp://me:secret@cam/x?a=secret", "HTTP://me:secret@cam/x"])
def test_where_a_file_is_expected_no_password_is_quoted(text):
    for read in (lambda: find_videos([text]), lambda: VideoSource(Path(text))):
        with pytest.raises(ConfigError, match=r"://cam/x: a live source, where a file is") as found:
            read()
        assert "secret" not in str(found.value)
