"""Jobs on a Ray cluster: actors, each with its networks loaded, one job at a time.

Ray (extra ``hie[ray]``) does the scheduling, the starting of workers on other machines and the
noticing of their deaths; the order of jobs, attempts and records are those of every executor. What
a worker tells and logs comes back with its record, through one stream a job. Workers see the same
files under the same paths as the caller does.
"""

import logging
import os
import queue
import socket
import sys
import tempfile
import threading
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

from hie_cli.core import progress
from hie_cli.core.errors import ConfigError
from hie_cli.core.libraries import ray as load_ray
from hie_cli.core.version import __version__
from hie_cli.pipeline.executors import processors
from hie_cli.pipeline.executors.base import Record, Work, death
from hie_cli.pipeline.executors.telling import Forward, pass_on

_AT_ONCE = 64  # messages of a job that may wait for the caller before its worker waits, too
_REACH = 10.0  # seconds to reach a cluster
_START = 120.0  # seconds until a worker has to have begun


class RayActors:
    """The executor of up to ``most`` actors (0: as many as the cluster has room for).

    address: of a running cluster ("auto": the one that Ray finds, HOST:PORT); None starts one on
    this machine, which ends with the executor · cpus, gpus: of each actor; networks run with as
    many threads as it has CPUs. Raises ConfigError where Ray is missing, the cluster cannot be
    reached or has no room, or its machines have another hie.
    """

    def __init__(
        self,
        work: Work[Any],
        most: int,
        address: str | None = None,
        cpus: float = 1.0,
        gpus: float = 0.0,
    ) -> None:
        self._ray = load_ray()
        self._work = work
        self._places = count()  # of workers; those of the dead are given to others
        self._free: list[int] = []
        self._idle: list[_Worker] = []
        self._jobs: dict[Any, tuple[int, str, _Worker]] = {}  # stream -> number, name, worker
        _connect(self._ray, address)
        try:
            room = _room(self._ray, cpus, gpus)
            self.slots = min(most, room) if most else room
            threads = max(1, int(cpus))
            self._actor = self._ray.remote(
                num_cpus=cpus, num_gpus=gpus, max_restarts=0, max_concurrency=2
            )(_Actor)
            self._arguments = (os.getcwd(), list(sys.path), threads)
            first = self._new()
            _check_same_hie(self._ray, first.actor)
            self._idle.append(first)
        except BaseException:
            self._ray.shutdown()
            raise

    def _new(self) -> "_Worker":
        place = self._free.pop() if self._free else next(self._places)
        return _Worker(place, self._actor.remote(*self._arguments, place))

    def submit(self, number: int, job: Any, name: str) -> None:
        """See ``Executor``."""
        worker = self._idle.pop() if self._idle else self._new()
        stream = worker.actor.run.options(
            num_returns="streaming", _generator_backpressure_num_objects=_AT_ONCE
        ).remote(self._work, job)
        self._jobs[stream] = number, name, worker

    def collect(self) -> tuple[int, Record]:
        """See ``Executor``; meanwhile passes on what the workers tell and log."""
        while True:
            ready, _ = self._ray.wait(list(self._jobs), num_returns=1, timeout=1.0)
            for stream in ready:
                number, name, worker = self._jobs[stream]
                alive = True
                try:
                    message = self._ray.get(next(stream))
                except StopIteration:
                    message = None
                except self._ray.exceptions.RayError as error:
                    message = death(name, _how(error), "the others went on")
                    alive = False
                if isinstance(message, dict) or message is None:
                    del self._jobs[stream]
                    if alive:
                        self._idle.append(worker)
                    else:
                        self._free.append(worker.place)
                    return number, message or death(name, "no record", "the others went on")
                pass_on(message, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in [*(job[2] for job in self._jobs.values()), *self._idle]:
            self._ray.kill(worker.actor)
        self._ray.shutdown()


@dataclass(frozen=True)
class _Worker:
    """An actor, and which processors are its own (``processors.pin``)."""

    place: int
    actor: Any


class _Actor:
    """A worker: it lives as long as the batch, and so do its networks."""

    def __init__(self, folder: str, paths: list[str], threads: int, place: int) -> None:
        if os.path.isdir(folder):
            os.chdir(folder)  # so that relative paths mean what they mean to the caller
        sys.path += [path for path in paths if path not in sys.path]
        os.environ["OMP_NUM_THREADS"] = str(threads)
        processors.pin(place, threads)

    def version(self) -> tuple[str, str]:
        """Of hie and of Python."""
        from hie_cli.core.version import __version__ as version

        return version, ".".join(map(str, sys.version_info[:2]))

    def run(self, work: Work[Any], job: Any) -> Any:
        """What the job tells and logs as it does, and at the end its record."""
        messages: queue.Queue[Any] = queue.Queue(_AT_ONCE)
        progress.set_reporter(messages.put)
        log = logging.getLogger("hie_cli")
        handler = Forward(messages.put)
        log.addHandler(handler)
        log.setLevel(logging.DEBUG)
        log.propagate = False
        thread = threading.Thread(target=lambda: messages.put(work(job)), daemon=True)
        thread.start()
        try:
            while True:
                message = messages.get()
                yield message
                if isinstance(message, dict):
                    return
        finally:
            progress.set_reporter(None)
            log.removeHandler(handler)


def _connect(ray: Any, address: str | None) -> None:
    try:
        if address is None:
            temporary = os.environ.get("HIE_RAY_TEMP") or os.path.join(tempfile.gettempdir(), "ray")
            ray.init(
                include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR,
                _temp_dir=str(Path(temporary).absolute()),
            )  # fmt: skip
        else:
            _reach(address)
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # whatever Ray says of a cluster that is not there
        line = (str(error).strip() or type(error).__name__).splitlines()[0].partition(". ")[0]
        where = "on this machine" if address is None else f"at {address}"
        raise ConfigError(f"--engine ray: no cluster {where} ({line}); is it running?") from None


def _reach(address: str) -> None:
    """Raises OSError where nobody listens at HOST:PORT: Ray itself would wait for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH).close()


def _room(ray: Any, cpus: float, gpus: float) -> int:
    """How many actors the cluster has room for. Raises ConfigError where it is none."""
    held = ray.cluster_resources()
    rooms = [held.get("CPU", 0.0) // cpus] if cpus else []
    rooms += [held.get("GPU", 0.0) // gpus] if gpus else []
    room = int(min(rooms, default=1))
    if room < 1:
        raise ConfigError(
            f"--num-cpus {cpus:g} --num-gpus {gpus:g}: the cluster has {held.get('CPU', 0):g} CPUs "
            f"and {held.get('GPU', 0):g} GPUs; ask for less"
        )
    return room


def _check_same_hie(ray: Any, actor: Any) -> None:
    """Raises ConfigError where workers have none, or another one than the caller."""
    mine = __version__, ".".join(map(str, sys.version_info[:2]))
    try:
        theirs = tuple(ray.get(actor.version.remote(), timeout=_START))
    except ray.exceptions.GetTimeoutError:
        raise ConfigError(
            f"--engine ray: no worker began within {_START:.0f} s; is the cluster busy?"
        ) from None
    except ray.exceptions.RayError as error:
        raise ConfigError(
            f"--engine ray: a worker cannot load hie ({_how(error)}); install hie {mine[0]} there"
        ) from None
    if theirs != mine:
        raise ConfigError(
            f"--engine ray: workers have hie {theirs[0]} on Python {theirs[1]}, this is hie "
            f"{mine[0]} on Python {mine[1]}; install the same"
        )


def _how(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:120]}" if lines else type(error).__name__
