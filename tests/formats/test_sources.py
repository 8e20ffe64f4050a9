import gzip
import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hie_cli.core.errors import InputError
from hie_cli.formats.sources import find_sources


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no data files"):
        find_sources(tmp_path)
    with pytest.raises(InputError, match="no such file or folder"):
        find_sources(tmp_path / "none")
    with pytest.raises(InputError, match="holds no data files"):
        find_sources(archive(tmp_path / "a.zip", {}))


def test_folders_skip_hidden_and_other_files(tmp_path: Path) -> None:
    for name in ("b.json", "a.TXT", ".c.json.partial", ".d.json", "e.jpg", "sub/f.csv", ".g/h.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = find_sources(tmp_path)
    assert [(s.name, s.suffix) for s in found] == [("a", ".txt"), ("b", ".json"), ("f", ".csv")]
    assert found[2].folder == "sub"


def test_zip_members_are_read_in_place(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"20.json": b"\xef\xbb\xbf{}", "labels/1.txt": b"1"})
    first, second = find_sources(path)
    assert first.read_text() == "{}"
    assert (second.folder, second.read_bytes(), second.label) == (
        "labels",
        b"1",
        f"{path}:labels/1.txt",
    )
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "name", ["../a.txt", "/etc/a.txt", "b/../../a.txt", "C:a.txt", "..\\a.txt"]
)
def test_zip_slip_is_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "a.zip", {name: b"1"})
    with pytest.raises(InputError, match="leaves the archive"):
        find_sources(path)


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"20.txt": bytes(20 << 20)})
    with pytest.raises(InputError, match=r"unpacks \d+ fold \(limit 300\); a zip bomb"):
        find_sources(path)


def test_symlinks_in_a_zip_stay_text(tmp_path: Path) -> None:
    """A link is a member like any other: its target's name is what is read, never the target."""
    path = tmp_path / "a.zip"
    link = zipfile.ZipInfo("20.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(link, "/etc/passwd")
    assert find_sources(path)[0].read_text() == "/etc/passwd"


def test_damaged_archives(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK no zip")
    with pytest.raises(InputError, match="not a readable zip archive"):
        find_sources(path)
    archive(path, {"20.txt": b"0,1,1,1,1,1,1\n" * 500})
    data = bytearray(path.read_bytes())
    data[60:70] = bytes(10)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"20\.txt: cannot be read"):
        find_sources(path)[0].read_bytes()


def test_not_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"0,1\xff")
    with pytest.raises(InputError, match="byte 3: not UTF-8 text"):
        find_sources(tmp_path)[0].read_text()


def tarred(path: Path, members: dict[str, bytes], mode: str) -> Path:
    with tarfile.open(path, mode) as file:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    ("name", "mode"), [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz")]
)
def test_tars_are_read_in_any_order(tmp_path: Path, name: str, mode: str) -> None:
    members = {
        "b/20.json": b"{}",
        "1.txt": b"one",
        "b/x.jpg": b"",
        "c/2.txt.gz": gzip.compress(b"2"),
    }
    path = tarred(tmp_path / name, members, mode)
    one, twenty, two = find_sources(path)
    assert two.read_bytes() == b"2"
    assert (one.read_bytes(), one.read_bytes(2), twenty.read_text()) == (b"one", b"on", "{}")
    assert (twenty.folder, twenty.label) == ("b", f"{path}:b/20.json")
    assert one.archive == "a"


def test_tars_are_checked_as_zips_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="leaves the archive"):
        find_sources(tarred(tmp_path / "a.tar", {"../a.txt": b"1"}, "w"))
    with pytest.raises(InputError, match="unpacks more than 300 fold"):
        find_sources(tarred(tmp_path / "b.tar.gz", {"a.txt": bytes(32 << 20)}, "w:gz"))
    (tmp_path / "c.tar.gz").write_bytes(b"no tar")
    with pytest.raises(InputError, match=r"not a readable tar\.gz archive"):
        find_sources(tmp_path / "c.tar.gz")
    whole = tarred(tmp_path / "d.tar", {"a.txt": b"1" * 5000}, "w").read_bytes()
    (tmp_path / "d.tar").write_bytes(whole[:3000])
    with pytest.raises(InputError, match="not a readable tar archive: unexpected end of data"):
        find_sources(tmp_path / "d.tar")


def test_links_in_a_tar_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as file:
        link = tarfile.TarInfo("20.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    with pytest.raises(InputError, match="holds no data files"):
        find_sources(path)


def test_compressed_files(tmp_path: Path) -> None:
    path = tmp_path / "20.json.gz"
    path.write_bytes(gzip.compress(b'{"a":1}'))
    (source,) = find_sources(path)
    assert (source.name, source.suffix, source.path) == ("20", ".json", None)
    assert source.json() == {"a": 1}
    path.write_bytes(gzip.compress(bytes(32 << 20)))
    with pytest.raises(InputError, match="unpacks more than 300 fold"):
        find_sources(tmp_path)[0].read_bytes()
    path.write_bytes(gzip.compress(b"0123456789" * 100)[:-12])
    with pytest.raises(InputError, match="cannot be read"):
        find_sources(tmp_path)[0].read_bytes()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_members_of_every_method(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("20.txt", b"0,1,1,1,1,1,1\n" * 500)
    data = bytearray(path.read_bytes())
    data[55:75] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"20\.txt: cannot be read") as error:
        find_sources(path)[0].read_bytes()
    assert len(str(error.value).splitlines()) == 1


def test_an_archive_is_opened_once(tmp_path: Path, monkeypatch) -> None:
    path = archive(tmp_path / "a.zip", {f"{i}.txt": b"%d" % i for i in range(300)})
    opened = []

    class Counted(zipfile.ZipFile):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            opened.append(args)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(zipfile, "ZipFile", Counted)
    assert {source.read_bytes() for source in find_sources(path)} == {b"%d" % i for i in range(300)}
    assert len(opened) == 1


def test_pipes_are_refused(tmp_path: Path) -> None:
    """Neither waited for when named, nor when they lie in a folder."""
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(InputError, match="not a regular file"):
        find_sources(tmp_path / "a.json")
    with pytest.raises(InputError, match="holds no data files"):
        find_sources(tmp_path)


def test_names_no_file_can_have(tmp_path: Path) -> None:
    for name in ("x" * 5000, "a\0b"):
        with pytest.raises(InputError):
            find_sources(tmp_path / name)


def test_parsed_once(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[1]")
    (source,) = find_sources(tmp_path)
    first = source.json()
    assert source.json() is first
    source.forget()
    assert source.json() == first


def test_found_broken_once(tmp_path: Path) -> None:
    """What is mended afterwards is looked at again only when the first look is forgotten."""
    path = tmp_path / "a.json"
    path.write_text("[1")
    (source,) = find_sources(tmp_path)
    for _ in range(2):
        with pytest.raises(InputError, match="line 1 column 3: broken JSON"):
            source.json()
        path.write_text("[1]")
    source.forget()
    assert source.json() == [1]
