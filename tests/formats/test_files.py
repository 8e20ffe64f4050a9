import os
import stat
from pathlib import Path

import pytest

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.formats.documents.document import Document
from hie_cli.formats.files import (
    atomic_write,
    file_name,
    read_json,
    read_text,
    refuse_endless,
    require_writable,
    taken,
    write_json,
)
from hie_cli.formats.sources import plain_source


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('\ufeff{"a": [1, 2.5]}')
    assert read_json(path) == {"a": [1, 2.5]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty file: expected JSON"),
        ('{\n"a": ]', "line 2 column 6: broken JSON"),
        ("[NaN]", "holds NaN; JSON numbers must be finite"),
        ("[-Infinity]", "holds -Infinity"),
        ("[" * 100_000, "nested too deeply"),
        (f"[{'1' * 5000}]", "a number of too many digits"),
    ],
)
def test_broken_json_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_json(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_text(tmp_path / "none")
    with pytest.raises(InputError, match="is a folder"):
        read_text(tmp_path)
    (tmp_path / "a").write_bytes(b"ab\xff")
    with pytest.raises(InputError, match="byte 2: not UTF-8 text"):
        read_text(tmp_path / "a")


def test_published_at_once_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    with atomic_write(path) as file:
        file.write("new")
        assert not path.exists()
    assert path.read_text() == "new"
    with pytest.raises(RuntimeError), atomic_write(path) as file:  # noqa: PT012 # the write belongs to the failing block
        file.write("newer")
        raise RuntimeError
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_mode_follows_the_umask(tmp_path: Path) -> None:
    path, plain = tmp_path / "a.txt", tmp_path / "b.txt"
    with atomic_write(path, "wb") as file:
        file.write(b"x")
    plain.write_text("x")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_unwritable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConfigError, match="cannot be written"),
        atomic_write(tmp_path / "file" / "a"),
    ):
        pass
    (tmp_path / "folder").mkdir()
    with (
        pytest.raises(ConfigError, match="cannot be written"),
        atomic_write(tmp_path / "folder") as file,
    ):
        file.write("x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "../up", "/root", "a/b", "a\\b", "a\0b", "a\nb", "\x7f"]
)
def test_a_name_from_a_file_never_leads_elsewhere(name):
    with pytest.raises(InputError, match="cannot name a file"):
        file_name(name)


def test_a_name_from_a_file_may_be_a_name():
    for name in ("crowd", "MOT16-04", "-5KQ66BBWC4", "a b", "Menge 人群", "12.30", "x" * 200):
        assert file_name(name) == name
    with pytest.raises(InputError, match="too long to name a file"):
        file_name("x" * 201)
    with pytest.raises(InputError, match="is no text"):
        file_name("a\ud800")


def test_what_is_there_already(tmp_path: Path) -> None:
    link, file = tmp_path / "link", tmp_path / "file"
    link.symlink_to(link)  # a loop, which does not exist for whoever follows it
    file.touch()
    assert [taken(path) for path in (link, file, tmp_path, tmp_path / "free")] == [True] * 3 + [
        False
    ]
    for unwritable in (tmp_path / ("x" * 300), file / "under"):
        with pytest.raises(ConfigError, match="cannot be written"):
            taken(unwritable)


def test_a_folder_that_takes_files(tmp_path: Path) -> None:
    require_writable(tmp_path / "new" / "folder")
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        require_writable(tmp_path / "file" / "under")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path / "pipe.json", Path("/dev/zero")):
        for read in (refuse_endless, read_text, Document, lambda p: plain_source(p).read_bytes()):
            with pytest.raises(InputError, match="a pipe or device, not a file"):
                read(path)


def test_json_is_published_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    write_json(path, {"a": [1, "ü"]})
    assert read_json(path) == {"a": [1, "ü"]}
    assert path.read_text().endswith("}\n")
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": [1, "ü"]}
    assert [each.name for each in path.parent.iterdir()] == ["a.json"]
