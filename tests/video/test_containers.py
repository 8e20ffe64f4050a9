import os
from pathlib import Path

import pytest

from hie_cli.core.errors import InputError
from hie_cli.video.containers import open_capture
from hie_cli.video.sources import VideoSource

PLAYLISTS = {
    "list.mkv": "ffconcat version 1.0\nfile {video}\n",
    "list.mp4": "\ufeffffconcat version 1.0\nfile '{video}'\n",
    "hls.ts": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{video}\n#EXT-X-ENDLIST\n",
    "dash.mp4": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "stream.avi": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    "old.mov": "[playlist]\nFile1={video}\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_playlists_in_disguise_are_refused_by_content(make_video, tmp_path, name):
    path = tmp_path / name
    path.write_text(PLAYLISTS[name].format(video=make_video().name))
    with pytest.raises(InputError, match=r"names other files|not a video"):
        VideoSource(path)


def test_ffmpeg_itself_refuses_what_the_first_bytes_hide(make_video, tmp_path):
    # An SDP description may begin with any line; only FFmpeg's own probe finds it.
    path = tmp_path / "hidden.mkv"
    path.write_text("s=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n")
    with pytest.raises(InputError, match="not a video"):
        open_capture(path)


@pytest.mark.parametrize("name", ["tiny.avi", "with space %03d.avi", "http:⁄⁄x.avi", "-o.avi"])
def test_odd_names_are_names(make_video, tmp_path, name):
    made = make_video()
    path = made.rename(tmp_path / name)
    assert VideoSource(path).info.num_frames == 12


def test_a_name_that_is_not_utf8_is_one_line(make_video, tmp_path):
    name = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.avi"))
    make_video().rename(name)
    with pytest.raises(InputError, match=r"caf\\xe9\.avi: the name is not valid UTF-8"):
        VideoSource(name)


def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(InputError, match="pipe or device"):
        VideoSource(tmp_path / "pipe.mp4")
    with pytest.raises(InputError, match="pipe or device"):
        VideoSource(Path("/dev/zero"))


@pytest.mark.skipif(
    not Path("/proc/self/mem").exists(), reason="needs a file that fails to be read"
)
def test_a_disk_that_fails_is_told_of() -> None:
    with pytest.raises(InputError, match=r"/proc/self/mem: cannot be read \(Input/output error\)"):
        open_capture(Path("/proc/self/mem"))
