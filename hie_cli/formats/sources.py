"""Data files found in a file, a folder or a zip archive, read safely.

An archive is read in place: nothing is unpacked to disk, names that climb out of it are refused,
and so are members that would unpack to absurd sizes.
"""

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hie_cli.core.errors import InputError, input_error

SUFFIXES = (".json", ".txt", ".csv", ".xml", ".parquet")
MAX_MEMBER_BYTES = 2 << 30
MAX_TOTAL_BYTES = 16 << 30
# Annolists of empty frames pack about 60 : 1; deflate cannot pass 1032 : 1.
MAX_RATIO = 300
RATIO_FREE_BYTES = 16 << 20


@dataclass(frozen=True)
class Source:
    """One data file: ``label`` for messages, ``folders`` above it (innermost last), its bytes."""

    label: str
    name: str
    suffix: str
    folders: tuple[str, ...]
    path: Path | None
    _read: Callable[[int], bytes]

    def read_bytes(self, limit: int = -1) -> bytes:
        """The whole file, or its first ``limit`` bytes. Raises InputError if it cannot be read."""
        try:
            return self._read(limit)
        except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
            raise input_error(self.label, f"cannot be read ({error})", "check the file") from None
        except MemoryError:
            raise input_error(self.label, "too large for memory", "split the file") from None

    def read_text(self) -> str:
        """The whole file as UTF-8 text without byte-order mark. Raises InputError if not text."""
        try:
            return self.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            place = f"byte {error.start}"
            raise input_error(self.label, place, "not UTF-8 text; wrong file?") from None

    @property
    def folder(self) -> str:
        """Name of the folder the file lies in; empty at the root of an archive."""
        return self.folders[-1] if self.folders else ""


def find_sources(path: Path) -> list[Source]:
    """All data files (json, txt, csv, xml, parquet) at ``path``, sorted by name.

    Raises InputError for a missing path, an unsafe archive, or nothing found.
    """
    if path.is_dir():
        found = [_plain(file) for file in sorted(path.rglob("*")) if _wanted(file, path)]
    elif not path.exists():
        raise input_error(path, "no such file or folder", "check the path")
    elif path.suffix.lower() == ".zip":
        found = _zipped(path)
    else:
        found = [_plain(path)]
    if not found:
        raise input_error(path, "holds no data files", f"expected {', '.join(SUFFIXES)}")
    return found


def _wanted(file: Path, root: Path) -> bool:
    """Whether a file below ``root`` is data: known ending, not hidden (nor in a hidden folder)."""
    parts = file.relative_to(root).parts
    hidden = any(part.startswith(".") for part in parts)
    return file.suffix.lower() in SUFFIXES and not hidden and file.is_file()


def _plain(path: Path) -> Source:
    def read(limit: int) -> bytes:
        with open(path, "rb") as file:
            return file.read(limit)

    folders = path.absolute().parent.parts
    return Source(str(path), path.stem, path.suffix.lower(), tuple(folders), path, read)


def _zipped(path: Path) -> list[Source]:
    archive = open_zip(path)
    members = [info for info in check_zip(archive, path) if not info.is_dir()]
    found = []
    for info in sorted(members, key=lambda info: info.filename):
        name = PurePosixPath(info.filename)
        if name.suffix.lower() not in SUFFIXES or name.name.startswith("."):
            continue
        label = f"{path}:{info.filename}"
        read = _member_reader(path, info.filename)
        found.append(Source(label, name.stem, name.suffix.lower(), name.parts[:-1], None, read))
    archive.close()
    return found


def _member_reader(path: Path, member: str) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            return file.read(limit)  # never yields more than the size checked beforehand

    return read


def open_zip(path: Path) -> zipfile.ZipFile:
    """The archive opened for reading. Raises InputError if it is none."""
    if not path.exists():
        raise input_error(path, "no such file or folder", "check the path")
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise input_error(path, "not a readable zip archive", str(error)) from None


def check_zip(archive: zipfile.ZipFile, path: str | os.PathLike[str]) -> list[zipfile.ZipInfo]:
    """The members of a safe archive. Raises InputError for one that must not be read."""
    members = archive.infolist()
    problem = zip_problem(members)
    if problem:
        raise InputError(f"{path}: {problem}")
    return members


def zip_problem(members: list[zipfile.ZipInfo]) -> str | None:
    """Why an archive with these members must not be read; None if it may."""
    seen = set()
    for info in members:
        name = info.filename
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if "\\" in name or name.startswith("/") or ".." in parts or ":" in name:
            return f"member {name!r} leaves the archive; make the zip anew with plain names"
        if name in seen:
            return f"member {name!r} occurs twice; make the zip anew"
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
