"""Worker processes: what dies takes only its own job along, and nothing outlives its parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hie_cli.core.progress_events import Note
from hie_cli.pipeline.batch import run_batch
from hie_cli.pipeline.executors.local import WorkerProcesses
from tests.support import jobs
from tests.support.paths import ROOT


def run(actions: dict[str, str], count: int = 2) -> tuple[list[dict], list[str]]:
    done: list[str] = []
    records = run_batch(
        [jobs.Job(name, action) for name, action in actions.items()],
        list(actions),
        WorkerProcesses(jobs.work, count),
        lambda record: done.append(record["name"]),
    )
    return records, done


def test_records_come_in_the_order_of_the_jobs_and_what_workers_tell_arrives(told):
    records, done = run(dict.fromkeys("abcd", "go"))
    assert [record["name"] for record in records] == list("abcd")
    assert sorted(done) == list("abcd")
    assert len({record["process"] for record in records}) == 2
    assert os.getpid() not in {record["process"] for record in records}
    assert told.count(Note("a speaks")) == 3


def test_a_worker_that_dies_takes_its_own_job_only():
    records, _ = run({"a": "go", "b": "die", "c": "go", "d": "exit", "e": "go"})
    assert [record["status"] for record in records] == ["ok", "failed", "ok", "failed", "ok"]
    assert records[1]["error"] == (
        "b: its worker process died (SIGKILL); out of memory? fewer --workers need less"
    )
    assert records[1]["exit_code"] == 1
    assert "exit code 7" in records[3]["error"]


def test_a_job_whose_worker_died_is_tried_again_on_another_one(tmp_path):
    mark = tmp_path / "tried"
    records, done = run({"a": f"die once {mark}", "b": "go"})
    assert [record["status"] for record in records] == ["ok", "ok"]
    assert sorted(done) == ["a", "b"]
    assert records[0]["process"] != int(mark.read_text())


def test_a_job_that_kills_its_workers_is_given_up_after_three(told):
    records, done = run({"bad": "die", **dict.fromkeys("abcd", "go")}, count=2)
    assert sorted(done) == ["a", "b", "bad", "c", "d"]
    assert "transient" not in records[0]
    attempts = [event.text for event in told if isinstance(event, Note) and "attempt" in event.text]
    assert [text[-22:] for text in attempts] == ["attempt 2 of 3 follows", "attempt 3 of 3 follows"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_workers_share_the_processors_also_after_a_death(tmp_path):
    records, _ = run(dict.fromkeys("ab", f"die and meet {tmp_path}"))
    held = {record["process"]: record["processors"] for record in records}
    mine = sorted(os.sched_getaffinity(0))
    assert len(held) == 2
    if len(mine) > 1:
        first, second = held.values()
        assert not set(first) & set(second)
        assert len(first) == len(second) == len(mine) // 2


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for(condition, seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent(tmp_path, how):
    places = [tmp_path / "a", tmp_path / "b"]
    code = (
        "from hie_cli.pipeline.batch import run_batch\n"
        "from hie_cli.pipeline.executors.local import WorkerProcesses\n"
        "from tests.support import jobs\n"
        f"work = [jobs.Job('a', 'wait {places[0]}'), jobs.Job('b', 'wait {places[1]}')]\n"
        "if __name__ == '__main__':\n"
        "    run_batch(work, ['a', 'b'], WorkerProcesses(jobs.work, 2), print)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, str(script)], env=environment)
    assert wait_for(lambda: all(p.exists() and p.read_text() for p in places))
    pids = [int(place.read_text()) for place in places]
    assert all(map(alive, pids))
    parent.send_signal(how)
    parent.wait(timeout=30)
    assert wait_for(lambda: not any(map(alive, pids)))


@pytest.fixture
def interruptible():
    """Ctrl-C raises, also where the tests run in the background and a shell has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_of_the_parent_stops_the_workers(tmp_path, interruptible):
    place = tmp_path / "a"

    def interrupt() -> None:
        wait_for(lambda: place.exists() and place.read_text())
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run({"a": f"wait {place}"})
    assert wait_for(lambda: not alive(int(place.read_text())))
