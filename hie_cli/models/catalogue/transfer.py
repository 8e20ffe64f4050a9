"""Getting one file over HTTP: resumed where it was cut off, never more than was agreed on.

Bytes go to ``FILE.part`` beside the target and the file gets its name when it is whole. What the
server says of the file's version (ETag or date) is kept in ``FILE.part.version``, so that a file
that has changed meanwhile begins anew (RFC 9110, If-Range).
"""

import contextlib
import errno
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from hie_cli.core.errors import ModelError
from hie_cli.core.partial_files import partial_path
from hie_cli.core.progress import note, progress
from hie_cli.core.version import __version__

LARGEST = 2 * 2**30  # bytes; no ONNX file is larger
_CHUNK = 1 << 20
_TIMEOUT = 30.0  # seconds without a byte
_TRIES = 5  # in a row that bring nothing


class CutOffError(Exception):
    """The connection ended before the file did."""


@dataclass(frozen=True)
class Source:
    """Where a file is got from.

    ``address``: http(s) · ``hosts``: further hosts that it may lead on to · ``size``: its bytes,
    0 where not known · ``largest``: most bytes.
    """

    address: str
    hosts: tuple[str, ...] = ()
    size: int = 0
    largest: int = LARGEST


def fetch(source: Source, target: Path) -> None:
    """Get ``source`` into ``target``; what an earlier call left is continued.

    ModelError for refused addresses, sizes and disks, and where the transfer stays cut off; then
    what has come is kept.
    """
    part = target.with_name(f"{target.name}.part")
    with _alone(part):
        idle = 0
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                _once(source, part)
                break
            except CutOffError as error:
                now = part.stat().st_size if part.exists() else 0
                idle = 0 if now > before else idle + 1
                if idle >= _TRIES:
                    raise ModelError(f"{source.address}: {_failed(now, error)}") from None
        part.replace(target)
        _version_of(part).unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Nobody else may write the same file."""
    try:
        import fcntl
    except ImportError:  # Windows: the rename fails where somebody else has the file open
        yield
        return
    with open(part.with_name(f"{part.name}.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ModelError(f"{part}: is being downloaded by another process") from None
        try:
            yield
        finally:
            Path(lock.name).unlink(missing_ok=True)


def _failed(have: int, error: CutOffError) -> str:
    if have:
        return f"cut off after {have / 1e6:.1f} MB ({error}); the same command goes on from there"
    return f"nothing came ({error}); without a network, --mirror takes the file from a folder"


def _version_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.version")


def _once(source: Source, part: Path) -> None:
    """One request. Raises CutOffError, ModelError."""
    have = part.stat().st_size if part.exists() else 0
    known = _version_of(part)
    version = known.read_text() if have and known.exists() else ""
    headers = {"User-Agent": f"hie/{__version__}", "Accept-Encoding": "identity"}
    if have and version:
        headers |= {"Range": f"bytes={have}-", "If-Range": version}
    elif have:
        part.unlink()  # nobody can say whether it is the same file still
        have = 0
    try:
        answer = _opener(source).open(
            urllib.request.Request(source.address, headers=headers), timeout=_TIMEOUT
        )
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            part.unlink()  # longer than the file: of another version
            raise CutOffError("the server's file is shorter now") from None
        if error.code >= 500:
            raise CutOffError(f"the server says {error.code}") from None
        raise ModelError(f"{source.address}: the server says {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise CutOffError(_words(reason)) from None
    with answer:
        if answer.status == http.HTTPStatus.PARTIAL_CONTENT:
            if not (answer.headers.get("Content-Range") or "").startswith(f"bytes {have}-"):
                part.unlink(missing_ok=True)
                raise CutOffError("the server sent another part of the file")
        else:
            have = 0
        _save(source, answer, part, have)


def _save(source: Source, answer: Any, part: Path, have: int) -> None:
    """Append the answer's body to the ``have`` bytes of ``part``."""
    length = answer.headers.get("Content-Length")
    total = have + int(length) if length and length.isdigit() else None
    _check_size(source, total)
    if total is not None:
        free = shutil.disk_usage(part.parent).free
        if free < total - have:
            raise ModelError(
                f"{part.parent}: {(total - have) / 1e6:.1f} MB are needed, "
                f"{free / 1e6:.1f} MB are free"
            )
    version = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
    if version.startswith("W/"):
        version = answer.headers.get("Last-Modified") or ""
    try:
        _version_of(part).write_text(version)
        with open(part, "r+b" if have else "wb") as file:
            file.seek(have)
            file.truncate()
            label = f"{urlsplit(source.address).netloc}: {part.name.removesuffix('.part')}"
            steps = None if total is None else -(-(total - have) // _CHUNK)
            for chunk in progress(_chunks(answer), label, steps, "MiB"):
                have += len(chunk)
                _check_size(source, have, so_far=True)
                file.write(chunk)
    except OSError as error:
        reason = "no space left" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise ModelError(f"{part}: cannot be written ({reason})") from None
    if total is not None and have < total:
        raise CutOffError(f"{have} of {total} bytes came")
    if source.size and have != source.size:
        part.unlink()
        raise ModelError(
            f"{source.address}: has {have} bytes, expected {source.size}: another file"
        )


def _chunks(answer: IO[bytes]) -> Iterator[bytes]:
    while True:
        try:
            chunk = answer.read(_CHUNK)
        except http.client.IncompleteRead as error:
            yield error.partial
            raise CutOffError("the connection ended") from None
        except OSError as error:
            raise CutOffError(_words(error)) from None
        if not chunk:
            return
        yield chunk


def _check_size(source: Source, size: int | None, so_far: bool = False) -> None:
    """ModelError where there are more bytes than agreed on."""
    if size is None:
        return
    wrong = source.size and (size > source.size if so_far else size != source.size)
    if wrong or size > source.largest:
        limit = f"expected {source.size}" if source.size else f"at most {source.largest} are taken"
        raise ModelError(f"{source.address}: has {size} bytes, {limit}: another file")


def _opener(source: Source) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_Redirects(source))


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows where the entry says that its address leads, and nowhere else."""

    max_redirections = 5

    def __init__(self, source: Source) -> None:
        self._source = source

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """None or a request; ModelError for another host or a step down from https."""
        before, after = urlsplit(self._source.address), urlsplit(newurl)
        known = (before.netloc, *self._source.hosts)
        if after.netloc not in known or (before.scheme == "https" and after.scheme != "https"):
            raise ModelError(
                f"{self._source.address}: leads on to another place ({after.scheme}://"
                f"{after.netloc}), which is not followed; get the file yourself and give its "
                "folder with --mirror"
            )
        if after.netloc != before.netloc:
            note(f"{before.netloc} leads on to {after.netloc}")
        found = super().redirect_request(req, fp, code, msg, headers, newurl)
        if found is not None:
            for name, value in req.header_items():
                if name.lower() in ("range", "if-range"):
                    found.add_header(name, value)
        return found


def _words(error: object) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0]


def copy(source: Path, target: Path, largest: int = LARGEST) -> None:
    """The same from a file of this machine. ModelError."""
    try:
        if source.stat().st_size > largest:
            raise ModelError(f"{source}: has more than {largest} bytes")
        partial = partial_path(target)
        shutil.copyfile(source, partial)
        partial.replace(target)
    except OSError as error:
        raise ModelError(f"{source}: cannot be copied to {target} ({error.strerror})") from None
