"""A lock on a file that is being written, which other processes and other machines respect.

The lock is a small file beside it that says who holds it: host, process, the process' start and the
time. A process of this machine that is gone holds nothing any more. Of other machines that share
the disk nothing can be asked; their lock counts for as long as its holder keeps it fresh. Whoever
meets such a lock waits until it is made fresh, and so its holder is alive, or has expired.
"""

import errno
import json
import os
import secrets
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import note

FRESH_SECONDS = 30.0  # how often a holder says that it is still there
STALE_SECONDS = 300.0  # after so much silence another machine's lock counts no more
_TRIES = 20
_LOOK_SECONDS = 0.5  # how often a lock that is waited for is looked at


class Lock:
    """Held from construction until ``release``, or the end of a ``with`` block.

    ``patience``: seconds to wait for another holder; one on another machine that gives no sign of
    life is waited out besides. Raises ConfigError naming the holder, OSError where no lock can be
    written.
    """

    def __init__(self, target: Path, patience: float = 0.0) -> None:
        self.target = target
        self.path = target.with_name(f".{target.name}.lock")
        self._text = json.dumps(
            {
                "host": socket.gethostname(),
                "space": _space(),
                "process": os.getpid(),
                "started": _started(os.getpid()),
                "time": time.strftime("%Y-%m-%d %H:%M:%S"),
                "mark": secrets.token_hex(8),
            }
        )
        deadline = time.monotonic() + patience
        stranger = _Stranger(self.path)
        while (holder := self._attempt()) is not None:
            if time.monotonic() < deadline:
                time.sleep(0.05)
            elif stranger.silent(holder):
                time.sleep(_LOOK_SECONDS)
            else:
                raise ConfigError(_held(target, holder))
        _KEEPER.keep(self.path)

    def _attempt(self) -> str | None:
        """Take the lock; else what the holder's says."""
        for _ in range(_TRIES):
            if self._create():
                return None
            held = _read(self.path)
            if held is None:
                continue  # given up in this moment
            if _is_held(self.path, held):
                return held
            _remove(self.path, held)
        return _read(self.path) or ""

    def _create(self) -> bool:
        """Whether the lock file could be made; it comes into being whole."""
        whole = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")
        try:
            whole.write_text(self._text, encoding="utf-8")
            try:
                os.link(whole, self.path)
            except FileExistsError:
                return False
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
                    raise
                return self._create_alone()
            return True
        finally:
            with suppress(OSError):
                whole.unlink()

    def _create_alone(self) -> bool:
        """The same where the file system knows no hard links."""
        try:
            with open(self.path, "x", encoding="utf-8") as file:
                file.write(self._text)
        except FileExistsError:
            return False
        return True

    def release(self) -> None:
        """Give the lock up; no effect a second time."""
        _KEEPER.forget(self.path)
        if _read(self.path) == self._text:
            with suppress(OSError):
                self.path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class _Stranger:
    """The holder of a lock on another machine, watched for signs of life."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[str, float] | None = None

    def silent(self, text: str) -> bool:
        """Whether the holder, whose lock says ``text``, is on another machine and has made nothing
        fresh since the first call.
        """
        if _holder(text).get("space") == _space():
            return False
        try:
            now = text, self._path.stat().st_mtime
        except FileNotFoundError:
            return True  # given up in this moment
        if self._seen is None:
            left = max(0.0, STALE_SECONDS - _silence(self._path))
            note(f"waiting for {_who(text)}, or {left:.0f} s without a sign of it")
            self._seen = now
        return now == self._seen


def is_locked(target: Path) -> bool:
    """Whether somebody who is still at work holds the lock on ``target``."""
    path = target.with_name(f".{target.name}.lock")
    try:
        text = _read(path)
        return text is not None and _is_held(path, text)
    except OSError:
        return False


def _read(path: Path) -> str | None:
    """What a lock file says; None if it is not there."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def _holder(text: str) -> dict[str, object]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _held(target: Path, text: str) -> str:
    return f"{target}: is being written by {_who(text)}; wait for it, or stop it"


def _who(text: str) -> str:
    holder = _holder(text)
    return f"process {holder.get('process')} on {holder.get('host')} since {holder.get('time')}"


def _is_held(path: Path, text: str) -> bool:
    """Whether the holder of a lock is still at work."""
    holder = _holder(text)
    process = holder.get("process")
    if holder.get("space") == _space() and isinstance(process, int):
        return _started(process) is not None and _started(process) == holder.get("started")
    return _silence(path) < STALE_SECONDS


def _silence(path: Path) -> float:
    """Seconds since a lock was kept fresh, by the clock of the disk that it lies on."""
    probe = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        probe.touch()
        return probe.stat().st_mtime - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0  # given up meanwhile
    finally:
        with suppress(OSError):
            probe.unlink()


def _remove(path: Path, text: str) -> None:
    """Take away the lock that says ``text``, and no other that came in its place meanwhile."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        os.rename(path, aside)
    except FileNotFoundError:
        return
    try:
        if _read(aside) != text:
            os.link(aside, path)
    except OSError:
        pass  # yet another one is there, or there are no links: its holder goes on unlocked
    finally:
        with suppress(OSError):
            aside.unlink()


def _space() -> str:
    """What process numbers count in: a boot of a machine, or a container."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def _started(process: int) -> str | None:
    """When a process started, in whatever words the system has; None if there is no such one."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return _started_by_ps(process) if not Path("/proc/self/stat").exists() else None
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]  # dead, though not yet collected


def _started_by_ps(process: int) -> str | None:
    """The same where there is no /proc (macOS)."""
    command = ["ps", "-o", "lstart=", "-p", str(process)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


class _Keeper:
    """Keeps this process' locks fresh, from a thread that begins with the first of them."""

    def __init__(self) -> None:
        self._paths: set[Path] = set()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def keep(self, path: Path) -> None:
        with self._guard:
            self._paths.add(path)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()

    def forget(self, path: Path) -> None:
        with self._guard:
            self._paths.discard(path)

    def _work(self) -> None:
        while True:
            time.sleep(FRESH_SECONDS)
            with self._guard:
                paths = list(self._paths)
            for path in paths:
                with suppress(OSError):
                    os.utime(path)


_KEEPER = _Keeper()
