"""Data files found in a file, a folder or an archive (zip, tar, tar.gz), read safely.

An archive is opened once and read in place: nothing is unpacked into a folder, names that climb out
of it are refused, and so are members that would unpack to absurd sizes. A compressed tar, which
cannot be read out of order, is first decompressed into a nameless temporary file.
"""

import gzip
import io
import lzma
import os
import posixpath
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from hie_cli.core.errors import InputError, input_error
from hie_cli.formats.files import parse_json, refuse_endless

ENDINGS = (".json", ".txt", ".csv", ".xml", ".parquet")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
MAX_MEMBER_BYTES = 2 << 30
MAX_TOTAL_BYTES = 16 << 30
MAX_MEMBERS = 2_000_000
# Annolists of empty frames pack about 60 : 1; deflate cannot pass 1032 : 1.
MAX_RATIO = 300
RATIO_FREE_BYTES = 16 << 20
# What a damaged file or member raises, whichever compression it has.
_DAMAGED = (
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


@dataclass(frozen=True, eq=False)
class Source:
    """One data file: ``label`` for messages, ``folders`` above it (innermost last), its bytes.

    suffix: the file's ending, without ``.gz`` · path: where it lies, None in an archive or if it is
    compressed · archive: name of the archive or the folder that was searched, without ending.
    """

    label: str
    name: str
    suffix: str
    folders: tuple[str, ...]
    path: Path | None
    archive: str
    _read: Callable[[int], bytes]
    _neighbour: Callable[[str], bytes | None]
    _parsed: list[Any] = field(default_factory=list, repr=False)

    def read_bytes(self, limit: int = -1) -> bytes:
        """The whole file, or its first ``limit`` bytes. Raises InputError if it cannot be read."""
        try:
            return self._read(limit)
        except _DAMAGED as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise input_error(self.label, f"cannot be read ({said})", "check the file") from None
        except MemoryError:
            raise input_error(self.label, "too large for memory", "split the file") from None

    def read_text(self) -> str:
        """The whole file as UTF-8 text without byte-order mark. Raises InputError if not text."""
        return self._text(self.read_bytes())

    def _text(self, data: bytes) -> str:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            place = f"byte {error.start}"
            raise input_error(self.label, place, "not UTF-8 text; wrong file?") from None

    def head(self, limit: int) -> str:
        """The first ``limit`` bytes as text, whatever they are."""
        return self.read_bytes(limit).decode("utf-8-sig", "replace").replace("\r\n", "\n")

    def json(self) -> Any:
        """The file parsed as JSON, once; ``forget`` lets go of it. Raises InputError if broken."""
        if not self._parsed:
            try:
                self._parsed.append(parse_json(self.read_bytes(), self.label))
            except InputError as error:  # a broken file is found broken once, too
                self._parsed.append(error)
        if isinstance(self._parsed[0], InputError):
            raise InputError(str(self._parsed[0]))
        return self._parsed[0]

    def forget(self) -> None:
        """Let go of the parsed content."""
        self._parsed.clear()

    def neighbour(self, name: str) -> str | None:
        """The text of another file, by its name relative to this one's folder; None if missing."""
        try:
            data = self._neighbour(name)
        except _DAMAGED as error:
            raise input_error(self.label, f"{name} cannot be read", str(error)) from None
        return None if data is None else self._text(data)

    @property
    def folder(self) -> str:
        """Name of the folder the file lies in; empty at the root of an archive."""
        return self.folders[-1] if self.folders else ""


def find_sources(path: Path, endings: Collection[str] = ENDINGS) -> list[Source]:
    """All data files with one of the ``endings`` at ``path``, sorted by name.

    Any of them may be compressed (``.gz``). Raises InputError for a missing path, an unsafe
    archive, or nothing found.
    """
    try:
        if path.is_dir():
            inside = sorted(path.rglob("*"))
            found = [_plain(file, path.name) for file in inside if _wanted(file, path, endings)]
        elif not path.exists():
            raise input_error(path, "no such file or folder", "check the path")
        elif not path.is_file():
            raise input_error(path, "not a regular file", "give a file, a folder or an archive")
        elif path.suffix.lower() == ".zip":
            found = _zipped(path, endings)
        elif path.name.lower().endswith(ARCHIVES):
            found = _tarred(path, endings)
        else:
            found = [_plain(path, path.stem)]
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise input_error(path, f"cannot be read ({said})", "check the path") from None
    if not found:
        raise input_error(path, "holds no data files", f"expected {', '.join(endings)}")
    return found


def plain_source(path: Path) -> Source:
    """A file that is no archive as a source."""
    return _plain(path, path.stem)


def _ending(name: PurePosixPath | Path) -> tuple[str, str]:
    """A file's name without its ending, and the ending; ``.gz`` is looked through."""
    inner = name.with_suffix("") if name.suffix.lower() == ".gz" else name
    return inner.stem, inner.suffix.lower()


def _wanted(file: Path, root: Path, endings: Collection[str]) -> bool:
    """Whether a file below ``root`` is data: known ending, not hidden (nor in a hidden folder)."""
    if _ending(file)[1] not in endings:
        return False
    hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return not hidden and file.is_file()


def _plain(path: Path, archive: str) -> Source:
    compressed = path.suffix.lower() == ".gz"

    def read(limit: int) -> bytes:
        refuse_endless(path)
        if compressed:
            with gzip.open(path) as unpacked:
                return _bounded(unpacked, limit, path.stat().st_size)
        with open(path, "rb") as file:
            return file.read(limit)

    def neighbour(name: str) -> bytes | None:
        other = path.parent / name
        return other.read_bytes() if other.is_file() else None

    name, suffix = _ending(path)
    folders = path.absolute().parent.parts
    place = None if compressed else path
    return Source(str(path), name, suffix, tuple(folders), place, archive, read, neighbour)


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _bounded(unpacked: _Stream, limit: int, packed: int, most: int = MAX_MEMBER_BYTES) -> bytes:
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


def _members(
    path: Path, names: list[str], endings: Collection[str], read: Callable[[str, int], bytes]
) -> list[Source]:
    """Sources of an archive's members ``names``, each read by ``read``."""
    known = set(names)
    ending = next((e for e in ARCHIVES if path.name.lower().endswith(e)), path.suffix)
    title = path.name[: len(path.name) - len(ending)]

    def source(member: str) -> Source:
        place = PurePosixPath(member)
        name, suffix = _ending(place)

        def read_member(limit: int) -> bytes:
            data = read(member, -1 if place.suffix.lower() == ".gz" else limit)
            if place.suffix.lower() != ".gz":
                return data
            with gzip.open(io.BytesIO(data)) as unpacked:
                return _bounded(unpacked, limit, len(data))

        def neighbour(other: str) -> bytes | None:
            there = posixpath.normpath(posixpath.join(str(place.parent), other))
            return read(there, -1) if there in known else None

        label, folders = f"{path}:{member}", place.parts[:-1]
        return Source(label, name, suffix, folders, None, title, read_member, neighbour)

    chosen = (n for n in sorted(names) if _ending(PurePosixPath(n))[1] in endings)
    return [source(name) for name in chosen if not PurePosixPath(name).name.startswith(".")]


def _zipped(path: Path, endings: Collection[str]) -> list[Source]:
    archive = open_zip(path)
    try:
        members = [info for info in check_zip(archive, path) if not info.is_dir()]
    except InputError:
        archive.close()
        raise

    def read(member: str, limit: int) -> bytes:
        with archive.open(member) as file:
            return file.read(limit)  # never yields more than the size checked beforehand

    return _members(path, [info.filename for info in members], endings, read)


def _tarred(path: Path, endings: Collection[str]) -> list[Source]:
    """Members of a tar, read from their places in it."""
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
    except _DAMAGED as error:
        file.close()
        raise input_error(path, "not a readable tar archive", str(error)) from None
    except BaseException:
        file.close()
        raise

    return _members(path, list(places), endings, _TarMembers(file, places).read)


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
    except _DAMAGED as error:
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
    except (*_DAMAGED, UnicodeDecodeError) as error:
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
