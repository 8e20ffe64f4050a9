import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.core.partial_files import partial_paths
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Document, Header
from hie_cli.formats.documents.writer import DocumentWriter

HEADER = Header("detect", VideoInfo("v", 64, 48, 10.0, None))
OTHER = Header("detect", VideoInfo("v", 64, 49, 10.0, None))


def item(t: int) -> FramePeople:
    return FramePeople(t, People(np.array([[t, 0.0, t + 5, 9]]), np.array([0.5])))


def interrupted(path: Path, frames: int, header: Header = HEADER) -> None:
    with pytest.raises(KeyboardInterrupt), DocumentWriter(path, header) as writer:  # noqa: PT012 # the writes belong to the interrupted block
        for t in range(frames):
            writer.write(item(t))
        raise KeyboardInterrupt


def frames(path: Path) -> list[int]:
    return [i.index for i in Document(path)]


def test_interrupted_publishes_nothing_and_keeps_yesterday(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "v.json"
    interrupted(path, 3)
    assert not path.exists()
    path.write_text("yesterday")
    interrupted(path, 3)
    assert path.read_text() == "yesterday"


def test_resume_goes_on_after_the_last_whole_frame(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    interrupted(path, 3)
    with DocumentWriter(path, HEADER, resume=True) as writer:
        assert len(writer.done) == 3
        assert [i.index for i in writer.done] == [0, 1, 2]
        writer.write(item(3))
    assert frames(path) == [0, 1, 2, 3]
    assert [p.name for p in tmp_path.iterdir()] == ["v.json"]


def test_without_resume_it_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    interrupted(path, 3)
    with DocumentWriter(path, HEADER) as writer:
        writer.write(item(8))
    assert frames(path) == [8]


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_torn_last_line_is_dropped(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "v.json"
    interrupted(path, 3)
    (partial,) = partial_paths(path)
    partial.write_bytes(partial.read_bytes()[:-cut])
    with DocumentWriter(path, HEADER, resume=True) as writer:
        assert len(writer.done) == 2
        writer.write(item(2))
    assert frames(path) == [0, 1, 2]


def test_garbage_in_the_partial_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    interrupted(path, 2)
    with open(*partial_paths(path), "ab") as file:
        file.write(b"\x00\xff\xfe garbage\n,{}\n")
    with DocumentWriter(path, HEADER, resume=True) as writer:
        assert len(writer.done) == 2
    assert frames(path) == [0, 1]


@pytest.mark.parametrize("content", [b"", b"{", b"something else\n,{}\n"])
def test_partial_of_another_header_is_not_resumed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "v.json"
    interrupted(path, 3, OTHER)
    if content:
        partial_paths(path)[0].write_bytes(content)
    with DocumentWriter(path, HEADER, resume=True) as writer:
        assert len(writer.done) == 0
        writer.write(item(5))
    document = Document(path)
    assert document.header == HEADER
    assert frames(path) == [5]


def test_resume_of_a_finished_document(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    for expected in ([], [0, 1]):
        with DocumentWriter(path, HEADER, resume=True) as writer:
            assert [i.index for i in writer.done] == expected
            assert writer.finished == bool(expected)
            for t in range(2 - len(expected)):
                writer.write(item(t))
        assert frames(path) == [0, 1]
    with pytest.raises(ConfigError, match="was made with other settings"):
        DocumentWriter(path, OTHER, resume=True)


def test_resumed_frames_have_the_fields_of_their_stages(tmp_path: Path) -> None:
    path, header = tmp_path / "v.json", Header("pose", HEADER.video)
    with pytest.raises(KeyboardInterrupt), DocumentWriter(path, header) as writer:  # noqa: PT012 # the write belongs to the interrupted block
        writer.write(FramePeople(0, People.empty()))
        raise KeyboardInterrupt
    with DocumentWriter(path, header, resume=True) as writer:
        assert writer.done[0].people.keypoints is not None


def test_resume_with_nothing_there(tmp_path: Path) -> None:
    with DocumentWriter(tmp_path / "v.json", HEADER, resume=True) as writer:
        assert len(writer.done) == 0
    assert frames(tmp_path / "v.json") == []


def test_resume_when_killed_before_the_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    interrupted(path, 0)
    with DocumentWriter(path, HEADER, resume=True) as writer:
        assert len(writer.done) == 0
        writer.write(item(0))
    assert frames(path) == [0]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from hie_cli.core.errors import ConfigError
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.core.types import FramePeople, People, VideoInfo
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
people = People(np.array([[0.0, 0, 5, 9]] * 40), np.full(40, 0.5))
try:
    with DocumentWriter(Path(sys.argv[1]), Header("detect", VideoInfo("v", 9, 9, 1.0, None))) as w:
        for t in range(int(sys.argv[2])):
            w.write(FramePeople(t, people))
except ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize("frames_written", [1, 100])
def test_full_disk_publishes_nothing(tmp_path: Path, frames_written: int) -> None:
    """One frame overflows only when the buffer is flushed at the end, 100 while writing."""
    path = tmp_path / "v.json"
    path.write_text("yesterday")
    command = [sys.executable, "-c", FULL_DISK, str(path), str(frames_written)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.startswith(f"{path}: cannot be written (File too large)")
    assert path.read_text() == "yesterday"


def test_unwritable_places(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        DocumentWriter(tmp_path / "file" / "v.json", HEADER)
    (tmp_path / "v.json").mkdir()
    with (
        pytest.raises(ConfigError, match="cannot be written"),
        DocumentWriter(tmp_path / "v.json", HEADER),
    ):
        pass
