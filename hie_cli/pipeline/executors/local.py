"""Jobs in worker processes: one that dies takes its own job with it, and none outlives its parent.

Workers are started anew (no fork), share the processors evenly, are given one job after another
through a pipe, and send back what they tell (``core.progress``), what they log, and their records.
A worker whose parent is gone, however it went, ends at once: the pipe that the parent held open
tells it.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any, Self

from hie_cli.core import gpus, progress
from hie_cli.core.errors import EXIT_INTERRUPTED
from hie_cli.pipeline.executors import processors
from hie_cli.pipeline.executors.base import Record, Work, death
from hie_cli.pipeline.executors.telling import Forward, pass_on

log = logging.getLogger("hie_cli")
_PATIENCE = 5.0  # seconds that a worker has to close its files when all are stopped


@dataclass(frozen=True)
class _Means:
    """What of the machine a worker uses: the ``place``-th so many ``processors``, and a GPU."""

    place: int
    processors: int
    gpu: str


@dataclass
class _Worker:
    number: int
    means: _Means
    process: SpawnProcess
    connection: Connection
    job: int | None = None
    name: str = ""


class WorkerProcesses:
    """The executor of ``count`` processes on this machine, started as they are needed.

    Where it has GPUs, each process sees one of them, the least used.

    Leaving it ends them, after an exception such as Ctrl-C in the middle of their jobs; the files
    of those can be resumed.
    """

    def __init__(self, work: Work[Any], count: int) -> None:
        self.slots = count
        self._work = work
        self._workers: list[_Worker] = []
        self._started = 0
        self._gpus = gpus.visible()

    def submit(self, number: int, job: Any, name: str) -> None:
        """See ``Executor``."""
        worker = next((each for each in self._workers if each.job is None), None)
        if worker is None:
            taken = {each.means.place for each in self._workers}
            place = next(place for place in range(self.slots) if place not in taken)
            gpu = gpus.least_used(self._gpus, [each.means.gpu for each in self._workers])
            share = max(1, processors.available() // self.slots)
            worker = _start(self._started, _Means(place, share, gpu), self._work)
            self._started += 1
            self._workers.append(worker)
        worker.job, worker.name = number, name
        _send(worker, job)

    def collect(self) -> tuple[int, Record]:
        """See ``Executor``; meanwhile passes on what the workers tell and log."""
        while True:
            ready = wait([worker.connection for worker in self._workers])
            worker = next(each for each in self._workers if each.connection in ready)
            message = _receive(worker)
            if message is None:
                self._workers.remove(worker)
                if worker.job is None:
                    continue  # it died between two jobs
                return worker.job, _death(worker)
            if isinstance(message, dict) and worker.job is not None:
                number, worker.job = worker.job, None
                return number, message

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _stop(self._workers)


def _start(number: int, means: _Means, work: Work[Any]) -> _Worker:
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_serve, args=(theirs, work, means), daemon=True)
    process.start()
    theirs.close()  # so that the end of the worker is the end of the pipe
    return _Worker(number, means, process, ours)


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
    pass_on(message, worker.number)
    return ""


def _death(worker: _Worker) -> Record:
    code = worker.process.exitcode or 0
    how = f"exit code {code}"
    if code < 0:
        try:
            how = signal.Signals(-code).name
        except ValueError:
            how = f"signal {-code}"
    hint = "out of memory? fewer --workers need less" if code == -9 else "the others went on"
    return death(worker.name, how, hint)


def _stop(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.connection.close() if worker.job is None else worker.process.terminate()
    for worker in workers:
        worker.process.join(_PATIENCE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _serve(connection: Connection, work: Work[Any], means: _Means) -> None:
    """A worker's life: jobs in, records out, until there are no more or the parent is gone."""
    processors.pin(means.place, means.processors)
    if means.gpu:
        os.environ[gpus.VARIABLE] = means.gpu  # before anything asks CUDA what there is
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
    log.addHandler(Forward(send))
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


def _leave(number: int, frame: FrameType | None) -> None:
    """Unwind, so that files are closed as far as they are written."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(EXIT_INTERRUPTED)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(EXIT_INTERRUPTED)
