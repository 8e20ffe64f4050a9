import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.formats import locks
from hie_cli.formats.locks import STALE_SECONDS, Lock

HOLD = """
import sys, time
from pathlib import Path
from hie_cli.formats.locks import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """A process that holds the lock of ``path``."""
    command = [sys.executable, "-c", HOLD, str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def said(path: Path) -> dict[str, object]:
    record: dict[str, object] = json.loads(path.with_name(f".{path.name}.lock").read_text())
    return record


def rewritten(path: Path, **changes: object) -> None:
    lock = path.with_name(f".{path.name}.lock")
    lock.write_text(json.dumps(said(path) | changes))


def test_a_lock_names_its_holder_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    with Lock(path):
        assert said(path)["process"] == os.getpid()
        with pytest.raises(
            ConfigError, match=rf"v\.json: is being written by process {os.getpid()} on"
        ):
            Lock(path)
        Lock(tmp_path / "w.json").release()  # another file is free
    assert list(tmp_path.iterdir()) == []
    Lock(path).release()


def test_another_process_holds_it_until_it_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    process = holder(path)
    try:
        with pytest.raises(ConfigError, match=rf"process {process.pid} on .* since 20"):
            Lock(path)
    finally:
        process.kill()  # it can give nothing up
    with Lock(path, patience=10):
        assert said(path)["process"] == os.getpid()
    process.communicate()


def test_a_process_number_that_is_used_again_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    first = Lock(path)
    rewritten(path, started="another time")
    with Lock(path):
        first.release()  # no longer its own: the lock stays
        assert said(path)["process"] == os.getpid()
        assert said(path)["started"] != "another time"


def kept_fresh(path: Path, seconds: float) -> threading.Thread:
    """The lock of ``path`` is touched so much later, as by its holder."""
    lock = path.with_name(f".{path.name}.lock")
    thread = threading.Timer(seconds, lambda: os.utime(lock))
    thread.start()
    return thread


def test_another_machines_lock_counts_as_long_as_it_is_fresh(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    lock = Lock(path)
    rewritten(path, host="elsewhere", space="elsewhere 1 pid:[2]", process=4711)
    thread = kept_fresh(path, 0.2)
    began = time.monotonic()
    with pytest.raises(ConfigError, match="process 4711 on elsewhere"):
        Lock(path)
    assert 0.2 <= time.monotonic() - began < STALE_SECONDS / 10
    thread.join()
    past = time.time() - STALE_SECONDS - 60
    os.utime(path.with_name(f".{path.name}.lock"), (past, past))
    Lock(path).release()
    lock.release()  # what it held is not there any more


def test_another_machines_lock_is_waited_out_where_its_holder_gives_no_sign(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    lock = Lock(path)
    rewritten(path, space="elsewhere 1 pid:[2]", process=4711)
    almost = time.time() - STALE_SECONDS + 1.5
    os.utime(path.with_name(f".{path.name}.lock"), (almost, almost))
    began = time.monotonic()
    Lock(path).release()
    assert 1 <= time.monotonic() - began < 30
    lock.release()


def test_a_lock_that_says_nothing_counts_while_it_is_fresh(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    lock = path.with_name(f".{path.name}.lock")
    for text in ("", "\0\xff", "[" * 100_000, '{"process": "x"}', "[1]", '{"process": true}'):
        lock.write_text(text, encoding="latin-1")
        thread = kept_fresh(path, 0.1)
        with pytest.raises(ConfigError, match=r"v\.json: is being written"):
            Lock(path)
        thread.join()


def test_held_locks_are_kept_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "FRESH_SECONDS", 0.05)
    monkeypatch.setattr(locks, "_KEEPER", locks._Keeper())
    with Lock(tmp_path / "v.json") as lock:
        os.utime(lock.path, (1.0, 1.0))
        deadline = time.monotonic() + 10
        while lock.path.stat().st_mtime == 1.0 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert lock.path.stat().st_mtime > 1e9


def test_without_hard_links_it_is_made_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with Lock(tmp_path / "v.json"), pytest.raises(ConfigError, match="is being written"):
        Lock(tmp_path / "v.json")


def test_one_of_many_wins(tmp_path: Path) -> None:
    """Ten processes at once, a dead one's lock in their way: never two at a time."""
    path, count = tmp_path / "v.json", tmp_path / "count"
    Lock(path)
    rewritten(path, started="another time")
    count.write_text("0")
    code = (
        "import sys\nfrom pathlib import Path\nfrom hie_cli.formats.locks import Lock\n"
        "count = Path(sys.argv[2])\n"
        "for _ in range(5):\n"
        "    with Lock(Path(sys.argv[1]), patience=60):\n"
        "        n = int(count.read_text())\n        count.write_text(str(n + 1))\n"
    )
    command = [sys.executable, "-c", code, str(path), str(count)]
    many = [subprocess.Popen(command) for _ in range(6)]
    assert [process.wait() for process in many] == [0] * 6
    assert count.read_text() == "30"
