"""Data files found in a file, a folder or an archive (``archives``)."""

import gzip
import io
import posixpath
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from hie_cli.core.errors import InputError, input_error
from hie_cli.formats.archives import ARCHIVES, DAMAGED, Reader, bounded, tar_members, zip_members
from hie_cli.formats.files import parse_json, refuse_endless

ENDINGS = (".json", ".txt", ".csv", ".xml", ".parquet")


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
        except DAMAGED as error:
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
        except DAMAGED as error:
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
            found = _members(path, *zip_members(path), endings)
        elif path.name.lower().endswith(ARCHIVES):
            found = _members(path, *tar_members(path), endings)
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
                return bounded(unpacked, limit, path.stat().st_size)
        with open(path, "rb") as file:
            return file.read(limit)

    def neighbour(name: str) -> bytes | None:
        other = path.parent / name
        return other.read_bytes() if other.is_file() else None

    name, suffix = _ending(path)
    folders = path.absolute().parent.parts
    place = None if compressed else path
    return Source(str(path), name, suffix, tuple(folders), place, archive, read, neighbour)


def _members(path: Path, names: list[str], read: Reader, endings: Collection[str]) -> list[Source]:
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
                return bounded(unpacked, limit, len(data))

        def neighbour(other: str) -> bytes | None:
            there = posixpath.normpath(posixpath.join(str(place.parent), other))
            return read(there, -1) if there in known else None

        label, folders = f"{path}:{member}", place.parts[:-1]
        return Source(label, name, suffix, folders, None, title, read_member, neighbour)

    chosen = (n for n in sorted(names) if _ending(PurePosixPath(n))[1] in endings)
    return [source(name) for name in chosen if not PurePosixPath(name).name.startswith(".")]
