"""Jobs in worker processes: one that dies takes its own job with it, and none outlives its parent.

Workers are started anew (no fork), are given one job after another through a pipe, and send back
what they tell (``core.progress``), what they log, and their records. A worker whose parent is gone,
however it went, ends at once: the pipe that the parent held open tells it.
"""

import logging
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any, TypeVar

from hie_cli.core import progress
from hie_cli.core.errors import EXIT_FAILED, EXIT_INTERRUPTED

J = TypeVar("J")
Record = dict[str, Any]
Work = Callable[[J], Record]  # an importable function, so that another process finds it

log = logging.getLogger("hie_cli")
_PATIENCE = 5.0  # seconds that a worker has to close its files when all are stopped


@dataclass
class _Worker:
    number: int
    process: SpawnProcess
    connection: Connection
    job: int | None = None


def run_in_workers(
    jobs: Sequence[J],
    names: Sequence[str],
    work: Work[J],
    count: int,
    finished: Callable[[Record], None],
) -> list[Record]:
    """The records of all ``jobs``, in their order, ``count`` of them at a time.

    names: of the jobs, for the record of one whose worker died · finished: told of each record as
    it comes. An exception here, such as Ctrl-C, ends the workers; their files can be resumed.
    """
    waiting = deque(range(len(jobs)))
    records: dict[int, Record] = {}
    workers: list[_Worker] = []
    started = 0
    try:
        while waiting or any(worker.job is not None for worker in workers):
            while waiting and len(workers) < count:
                workers.append(_start(started, work))
                started += 1
            for worker in workers:
                if worker.job is None and waiting:
                    worker.job = waiting.popleft()
                    _send(worker, jobs[worker.job])
            ready = wait([worker.connection for worker in workers])
            for worker in [w for w in workers if w.connection in ready]:
                message = _receive(worker)
                if message is None:
                    workers.remove(worker)
                    if worker.job is not None:
                        message = _death(worker, names[worker.job])
                if isinstance(message, dict) and worker.job is not None:
                    records[worker.job] = message
                    worker.job = None
                    finished(message)
    finally:
        _stop(workers)
    return [records[index] for index in range(len(jobs))]


def _start(number: int, work: Work[J]) -> _Worker:
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_serve, args=(theirs, work), daemon=True)
    process.start()
    theirs.close()  # so that the end of the worker is the end of the pipe
    return _Worker(number, process, ours)


def _send(worker: _Worker, job: Any) -> None:
    try:
        worker.connection.send(job)
    except OSError:
        return  # it has died, which the next wait tells


def _receive(worker: _Worker) -> Record | str | None:
    """A record; "" for anything else that was sent, and is passed on; None: the worker is gone."""
    try:
        message = worker.connection.recv()
    except (EOFError, OSError):
        worker.process.join()
        return None
    if isinstance(message, dict):
        return message
    if isinstance(message, logging.LogRecord):
        log.handle(message)
    else:
        # Two workers number their tasks alike.
        own = message
        if hasattr(message, "task"):
            own = message._replace(task=(worker.number + 1) << 32 | message.task)
        progress.tell(own)
    return ""


def _death(worker: _Worker, name: str) -> Record:
    code = worker.process.exitcode or 0
    how = f"exit code {code}"
    if code < 0:
        try:
            how = signal.Signals(-code).name
        except ValueError:
            how = f"signal {-code}"
    hint = "out of memory? fewer --workers need less" if code == -9 else "the others went on"
    return {
        "name": name,
        "status": "failed",
        "error": f"{name}: its worker process died ({how}); {hint}",
        "exit_code": EXIT_FAILED,
    }


def _stop(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.connection.close() if worker.job is None else worker.process.terminate()
    for worker in workers:
        worker.process.join(_PATIENCE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _serve(connection: Connection, work: Work[Any]) -> None:
    """A worker's life: jobs in, records out, until there are no more or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all: the parent decides
    signal.signal(signal.SIGTERM, _leave)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    lock = threading.Lock()

    def send(message: Any) -> None:
        with lock:
            connection.send(message)

    progress.set_reporter(send)
    log.addHandler(_Forward(send))
    log.setLevel(logging.DEBUG)
    log.propagate = False
    while True:
        try:
            job = connection.recv()
        except EOFError:
            break
        send(work(job))
    sys.stderr.flush()
    os._exit(0)  # a network's threads may still be about; see __main__


class _Forward(logging.Handler):
    """Sends log records to the parent, as text, for exceptions cannot always be sent."""

    def __init__(self, send: Callable[[Any], None]) -> None:
        super().__init__()
        self._send = send
        self._formatter = logging.Formatter("%(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        text = self._formatter.format(record)
        plain = logging.LogRecord(
            record.name, record.levelno, record.pathname, record.lineno, text, None, None
        )
        self._send(plain)


def _leave(number: int, frame: FrameType | None) -> None:
    """Unwind, so that files are closed as far as they are written."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(EXIT_INTERRUPTED)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(EXIT_INTERRUPTED)
