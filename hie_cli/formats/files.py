"""Reading and writing whole files safely: published at once or not at all, errors in one line."""

import codecs
import gc
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from hie_cli.core.endless import is_endless
from hie_cli.core.errors import ConfigError, InputError, input_error

_LONGEST_NAME = 200  # bytes; file systems take 255, and endings and partial files need some


def refuse_endless(path: Path) -> None:
    """Raise InputError for a pipe or a device, which may have no end or never begin; OSError."""
    if is_endless(path):
        raise input_error(path, "a pipe or device, not a file", "give a regular file")


def read_text(path: Path) -> str:
    """A whole UTF-8 text file. Raises InputError if missing, unreadable or not text."""
    try:
        refuse_endless(path)
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise input_error(path, "no such file", "check the path") from None
    except IsADirectoryError:
        raise input_error(path, "is a folder", "give a file") from None
    except OSError as error:
        raise input_error(path, f"cannot be read ({error.strerror})", "check it") from None
    except UnicodeDecodeError as error:
        raise input_error(path, f"byte {error.start}: not UTF-8 text", "wrong file?") from None


def read_json(path: Path) -> Any:
    """A whole JSON file; NaN and infinities are refused. Raises InputError naming the line."""
    return parse_json(read_text(path), path)


def parse_json(data: str | bytes, origin: str | os.PathLike[str], line: int | None = None) -> Any:
    """JSON text (UTF-8) from the file ``origin``, or from its ``line`` alone.

    Raises InputError naming the line; NaN, infinities and numbers that overflow are refused.
    """
    import orjson

    if isinstance(data, str):
        data = data.removeprefix("\ufeff")
    else:
        data = data.removeprefix(codecs.BOM_UTF8)
    try:
        with no_garbage_collection():
            return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _explained(_decoded(data, origin), origin, line)


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Pause the collector: it would go through the millions of new, living objects of a large text
    again and again (measured: 2.9 s instead of 0.5 s for 40 MB). Nothing is frozen: what a reader
    drops at an error, and what the caller holds, must stay collectable.
    """
    paused = gc.isenabled()
    if paused:
        gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _decoded(data: str | bytes, origin: str | os.PathLike[str]) -> str:
    if isinstance(data, str):
        return data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise input_error(origin, f"byte {error.start}: not UTF-8 text", "wrong file?") from None


def _explained(text: str, origin: str | os.PathLike[str], line: int | None) -> Any:
    """JSON that the fast parser refuses, by Python's: it says where and why."""
    first = 1 if line is None else line

    def refuse(constant: str) -> None:
        found = re.search(rf"[:\[,]\s*{constant}\b", text)
        end = found.end() if found else 0
        place = f"line {first + text.count(chr(10), 0, end)}"
        column = end - len(constant) - text.rfind("\n", 0, end)
        raise input_error(
            origin, f"{place} column {column}", f"holds {constant}; JSON numbers must be finite"
        )

    where = "" if line is None else f"line {line}"
    if not text.strip():
        raise input_error(origin, where or "empty file", "expected JSON")
    try:
        with no_garbage_collection():
            value = json.loads(text, parse_constant=refuse)
            json.dumps(value, ensure_ascii=False).encode()  # a text that no file can hold
    except json.JSONDecodeError as error:
        place = f"line {first - 1 + error.lineno} column {error.colno}"
        raise input_error(origin, place, f"broken JSON ({error.msg})") from None
    except UnicodeEncodeError:
        raise input_error(origin, where, "half a UTF-16 character in a text; wrong file?") from None
    except ValueError:  # Python refuses to convert thousands of digits
        raise input_error(origin, where, "a number of too many digits; wrong file?") from None
    except RecursionError:
        raise input_error(origin, where, "JSON nested too deeply") from None
    return value


def file_name(name: str) -> str:
    """``name``, which some file states, as the name of a file to be written: the only way there.

    Raises InputError for what would lead elsewhere, be hidden, or not be a name at all.
    """
    slashes = "/\\:" if os.name == "nt" else "/\\"
    bad = name.startswith(".") or any(c in slashes or ord(c) < 32 or ord(c) == 127 for c in name)
    if not name or bad:
        raise InputError(f"name {name[:60]!r} cannot name a file; rename the video or sequence")
    try:
        length = len(os.fsencode(name))
    except UnicodeEncodeError:
        raise InputError(f"name {name[:60]!r} is no text; rename the video or sequence") from None
    if length > _LONGEST_NAME:
        raise InputError(f"name {name[:60]!r}... is too long to name a file; rename the video")
    return name


def write_error(path: Path, error: OSError) -> ConfigError:
    """The one-line error for an output that cannot be written (no right, disk full, ...)."""
    return ConfigError(f"{path}: cannot be written ({error.strerror or error}); nothing published")


def taken(path: Path) -> bool:
    """Whether a file, a folder or a link is there already where a file is to be written.

    Raises ConfigError where the system refuses to tell, as it would refuse to write.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise write_error(path, error) from None
    return True


def require_writable(folder: Path) -> None:
    """Make the folder, and raise ConfigError if no file can be written there.

    For work that takes hours before it writes its first file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise write_error(folder, error) from None


@contextmanager
def atomic_write(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary neighbour of ``path``; rename it onto ``path`` only after a clean end.

    Raises ConfigError if the place is not writable or the disk is full; ``path`` itself then still
    holds what it held before.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        encoding = None if "b" in mode else "utf-8"
        with os.fdopen(handle, mode, encoding=encoding) as file:
            yield file
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        temporary = ""
    except OSError as error:
        raise write_error(path, error) from None
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def write_json(path: Path, value: Any) -> None:
    """Publish ``value`` as JSON, laid out for readers. Raises ConfigError as ``atomic_write``."""
    with atomic_write(path) as file:
        file.write(json.dumps(value, indent=1) + "\n")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
