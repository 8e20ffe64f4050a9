"""Archives (zip, tar, tar.gz) read in place and safely.

An archive is opened once: nothing is unpacked into a folder, names that climb out of it are
refused, and so are members that would unpack to absurd sizes. A compressed tar, which cannot be
read out of order, is first decompressed into a nameless temporary file.
"""

import gzip
import lzma
import os
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Collection
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from hie_cli.core.errors import InputError, input_error

Reader = Callable[[str, int], bytes]  # a member's first bytes; -1: all

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
MAX_MEMBER_BYTES = 2 << 30
MAX_TOTAL_BYTES = 16 << 30
MAX_MEMBERS = 2_000_000
# Annolists of empty frames pack about 60 : 1; deflate cannot pass 1032 : 1.
MAX_RATIO = 300
RATIO_FREE_BYTES = 16 << 20
# What a damaged file or member raises, whichever compression it has.
DAMAGED = (
    OSError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    ValueError,
    IndexError,
    OverflowError,
)


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def bounded(unpacked: _Stream, limit: int, packed: int, most: int = MAX_MEMBER_BYTES) -> bytes:
    """Up to ``limit`` bytes (-1: all) of a compressed stream. Raises ValueError for a bomb."""
    if limit >= 0:
        return unpacked.read(limit)
    parts, total = [], 0
    while part := unpacked.read(1 << 20):
        total += len(part)
        _check_ratio(total, packed, most)
        parts.append(part)
    return b"".join(parts)


def _check_ratio(unpacked: int, packed: int, most: int) -> None:
    if unpacked > most:
        raise ValueError(f"unpacks to more than {most} bytes")
    if unpacked > RATIO_FREE_BYTES and unpacked > MAX_RATIO * max(packed, 1):
        raise ValueError(f"unpacks more than {MAX_RATIO} fold; a bomb?")


def zip_members(path: Path) -> tuple[list[str], Reader]:
    """The files of a zip by name, and what reads one. Raises InputError for an unsafe one."""
    archive = open_zip(path)
    try:
        members = [info for info in check_zip(archive, path) if not info.is_dir()]
    except InputError:
        archive.close()
        raise

    def read(member: str, limit: int) -> bytes:
        with archive.open(member) as file:
            return file.read(limit)  # never yields more than the size checked beforehand

    return [info.filename for info in members], read


def tar_members(path: Path) -> tuple[list[str], Reader]:
    """The files of a tar by name, and what reads one from its place. InputError as for a zip."""
    file = _tar_file(path)
    places: dict[str, tuple[int, int]] = {}
    total = 0
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for info in archive:
                if not info.isreg() or info.issparse():
                    continue
                problem = _name_problem(info.name, places)
                total += info.size
                if info.size > MAX_MEMBER_BYTES or total > MAX_TOTAL_BYTES:
                    problem = f"member {info.name!r} unpacks to {info.size} bytes"
                if len(places) >= MAX_MEMBERS:
                    problem = f"more than {MAX_MEMBERS} members"
                if problem:
                    raise InputError(f"{path}: {problem}")
                places[info.name] = info.offset_data, info.size
    except DAMAGED as error:
        file.close()
        raise input_error(path, "not a readable tar archive", str(error)) from None
    except BaseException:
        file.close()
        raise

    return list(places), _TarMembers(file, places).read


class _TarMembers:
    """Reads members from an open tar, which is closed once no source needs it any more."""

    def __init__(self, file: IO[bytes], places: dict[str, tuple[int, int]]) -> None:
        self._file, self._places = file, places
        weakref.finalize(self, file.close)

    def read(self, member: str, limit: int) -> bytes:
        start, size = self._places[member]
        self._file.seek(start)
        data = self._file.read(size if limit < 0 else min(limit, size))
        if limit < 0 and len(data) < size:
            raise EOFError("the archive is cut off")
        return data


def _tar_file(path: Path) -> IO[bytes]:
    """The uncompressed tar, open for reading; a compressed one is first written out."""
    if path.suffix.lower() == ".tar":
        return open(path, "rb")
    packed = path.stat().st_size
    out = tempfile.TemporaryFile()  # noqa: SIM115 # lives as long as its sources
    try:
        with gzip.open(path) as unpacked:
            total = 0
            while part := unpacked.read(1 << 20):
                total += len(part)
                _check_ratio(total, packed, MAX_TOTAL_BYTES)
                out.write(part)
    except DAMAGED as error:
        out.close()
        raise input_error(path, "not a readable tar.gz archive", str(error)) from None
    out.seek(0)
    return out


def open_zip(path: Path) -> zipfile.ZipFile:
    """The archive opened for reading. Raises InputError if it is none."""
    try:
        if not path.exists():
            raise input_error(path, "no such file or folder", "check the path")
        if not path.is_file():
            raise input_error(path, "not a regular file", "give a zip archive")
        return zipfile.ZipFile(path)
    except (*DAMAGED, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise input_error(path, "not a readable zip archive", said) from None


def check_zip(archive: zipfile.ZipFile, path: str | os.PathLike[str]) -> list[zipfile.ZipInfo]:
    """The members of a safe archive. Raises InputError for one that must not be read."""
    members = archive.infolist()
    problem = zip_problem(members)
    if problem:
        raise InputError(f"{path}: {problem}")
    return members


def zip_problem(members: list[zipfile.ZipInfo]) -> str | None:
    """Why an archive with these members must not be read; None if it may."""
    seen: set[str] = set()
    if len(members) > MAX_MEMBERS:
        return f"{len(members)} members (limit {MAX_MEMBERS})"
    for info in members:
        name = info.filename
        problem = _name_problem(name, seen)
        if problem:
            return problem
        seen.add(name)
        if info.flag_bits & 1:
            return f"member {name!r} is encrypted; make the zip without a password"
        if info.file_size > MAX_MEMBER_BYTES:
            return f"member {name!r} unpacks to {info.file_size} bytes (limit {MAX_MEMBER_BYTES})"
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > RATIO_FREE_BYTES and ratio > MAX_RATIO:
            return f"member {name!r} unpacks {ratio:.0f} fold (limit {MAX_RATIO}); a zip bomb?"
    total = sum(info.file_size for info in members)
    if total > MAX_TOTAL_BYTES:
        return f"unpacks to {total} bytes (limit {MAX_TOTAL_BYTES})"
    return None


def _name_problem(name: str, seen: Collection[str]) -> str | None:
    """Why a member must not have this name; None if it may."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if "\\" in name or name.startswith("/") or ".." in parts or ":" in name:
        return f"member {name!r} leaves the archive; make it anew with plain names"
    if name in seen:
        return f"member {name!r} occurs twice; make the archive anew"
    return None
