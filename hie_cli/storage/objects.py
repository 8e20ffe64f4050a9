"""Files at addresses: what is there, fetching one whole, publishing one whole.

Beside what each says, all raise ConfigError for an address of an unknown kind or where access is
refused, and a HieError that passes for one of the network in this moment (``_told``).
"""

import errno
import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hie_cli.core import libraries
from hie_cli.core.errors import ConfigError, HieError, InputError
from hie_cli.storage.addresses import join

log = logging.getLogger("hie_cli")

# Stores in which a file comes into being whole, and folders are nothing but parts of names.
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "cos"})
_EXTRAS = {"s3": "cloud", "s3a": "cloud", "gs": "gcs", "gcs": "gcs"}
_CREDENTIALS = re.compile(r"credential|token|auth|refresh|forbidden", re.IGNORECASE)
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def find(pattern: str) -> list[str]:
    """The files that an address stands for, in order: itself, those in a folder, or of a pattern.

    Raises InputError for a pattern that matches none, and for an address that is not there.
    """
    with _told(pattern, InputError):
        system, path = _open(pattern)
        if any(sign in path for sign in "*?["):
            paths = system.glob(path)
            if not paths:
                system.ls(_bucket(path), detail=False)  # says so if that is what is missing
                raise InputError(f"{pattern}: no file matches this address; check it")
        elif system.info(path)["type"] == "directory":
            paths = [
                each["name"] for each in system.ls(path, detail=True) if each["type"] == "file"
            ]
        else:
            return [pattern]
        return [system.unstrip_protocol(each) for each in sorted(paths)]


def beneath(address: str) -> set[str]:
    """The names, seen from ``address``, of all files beneath it; none where it is not there yet.

    Raises ConfigError where its bucket is missing.
    """
    with _told(address, ConfigError):
        system, path = _open(address)
        try:
            found = system.find(path)
        except FileNotFoundError:
            if _is_object_store(system):
                raise
            return set()
        return {each[len(path) :].lstrip("/") for each in found}


def require(address: str) -> None:
    """Raise ConfigError where the bucket of an address is missing."""
    with _told(address, ConfigError):
        system, path = _open(address)
        if _is_object_store(system):
            system.ls(_bucket(path), detail=False)


def is_there(address: str) -> bool:
    """Whether there is a file at ``address``."""
    try:
        with _told(address, InputError):
            system, path = _open(address)
            return bool(system.info(path)["type"] == "file")
    except InputError:
        return False


def fingerprint(address: str) -> str:
    """What tells a file from another one at the same address, without reading it.

    Raises InputError where there is none.
    """
    with _told(address, InputError):
        system, path = _open(address)
        seen = f"{system.info(path)['size']}\0{system.ukey(path)}"
        return hashlib.sha256(seen.encode()).hexdigest()[:16]


def fetch(address: str, path: Path) -> None:
    """A whole file, to be read here as ``path``.

    Raises InputError where there is none, OSError for this machine's disk.
    """
    with _told(address, InputError):
        system, there = _open(address)
        path.parent.mkdir(parents=True, exist_ok=True)
        system.get_file(there, str(path))


def fetch_all(address: str, names: Sequence[str], folder: Path) -> None:
    """Several files beneath ``address``, into ``folder`` under the same names; as ``fetch``."""
    if not names:
        return
    with _told(address, InputError):
        system, there = _open(address)
        paths = [folder / name for name in names]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        system.get([f"{there}/{name}" for name in names], [str(path) for path in paths])


def publish(path: Path, address: str) -> None:
    """A file of this machine, at ``address``: whole, or not at all; in the place of what is there.

    Raises ConfigError where the bucket is missing.
    """
    with _told(address, ConfigError):
        system, there = _open(address)
        if _is_object_store(system):
            system.put_file(str(path), there)
            return
        folder, _, name = there.rpartition("/")
        system.makedirs(folder, exist_ok=True)
        partial = f"{folder}/.{name}.partial"
        system.put_file(str(path), partial)
        system.mv(partial, there)


def publish_all(folder: Path, address: str) -> None:
    """All files beneath ``folder``, hidden ones aside; as ``publish``."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            publish(path, join(address, *parts))


def remove(address: str) -> None:
    """Take a file away, if it is there."""
    with _told(address, ConfigError):
        system, path = _open(address)
        if system.exists(path):
            system.rm_file(path)


@contextmanager
def _told(address: str, missing: type[HieError]) -> Iterator[None]:
    """Say what goes wrong at ``address`` in one line that quotes no server and no secret.

    What is not there is a ``missing``; what is refused, or has no credentials, a ConfigError; an
    error of this machine's disk stays an OSError; all else is a HieError that passes for one of the
    network in this moment, so that another attempt may follow.
    """
    try:
        yield
    except HieError:
        raise
    except FileNotFoundError:
        raise missing(f"{address}: no such file, folder or bucket; check the address") from None
    except Exception as error:
        log.debug("%s failed", address, exc_info=error)
        if isinstance(error, OSError) and error.errno in _DISK:
            raise
        kind = _kind(error)
        if isinstance(error, PermissionError) or _CREDENTIALS.search(kind):
            raise ConfigError(
                f"{address}: access refused ({kind}); check the credentials of this environment"
            ) from None
        passing = ConnectionError(errno.ECONNRESET, kind)
        raise HieError(
            f"{address}: cannot be reached ({kind}); check the network and try again"
        ) from passing


def _kind(error: BaseException) -> str:
    """The code or class of an error: all that may be quoted of it."""
    cause: Any = error.__cause__ or error
    response = getattr(cause, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    return code if isinstance(code, str) and code.isalnum() else type(cause).__name__


def _open(address: str) -> tuple[Any, str]:
    """The file system of an address and the path in it. Raises ConfigError for one unknown."""
    library = libraries.fsspec()
    try:
        system, path = library.core.url_to_fs(address, use_listings_cache=False)
    except ImportError as error:
        extra = _EXTRAS.get(address.partition("://")[0].lower(), "")
        fix = f"; pip install 'hie[{extra}]'" if extra else ""
        raise ConfigError(f"{address}: {error}{fix}") from None
    except ValueError:
        raise ConfigError(f"{address}: unknown kind of address; use s3:// or gs://") from None
    return system, path


def _is_object_store(system: Any) -> bool:
    names = system.protocol if isinstance(system.protocol, tuple | list) else (system.protocol,)
    return not _OBJECT_STORES.isdisjoint(names)


def _bucket(path: str) -> str:
    return path.lstrip("/").partition("/")[0]
