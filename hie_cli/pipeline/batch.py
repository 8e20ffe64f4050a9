"""Many jobs on an executor: their order, their records, another attempt for what chance failed."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol, Self, TypeVar

from hie_cli.core.progress import note
from hie_cli.pipeline.executors.base import Executor, Record

ATTEMPTS = 3  # at a job whose worker dies, or that a disk or network fails


class Job(Protocol):
    """What an executor runs."""

    def again(self) -> Self:
        """The job for another attempt."""


class Part(Job, Protocol):
    """What an executor runs before a job."""

    @property
    def name(self) -> str:
        """For messages."""


class Parts(Protocol):
    """What has to be run before a job, in parts; a context manager that gives up what is begun."""

    def begin(self, job: Any) -> Sequence[Part]:
        """The parts of a job; none: it is run at once."""

    def end(self, job: Any) -> Job:
        """What follows its parts, which have come to their end, well or not."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class NoParts:
    """Every job by itself."""

    def begin(self, job: Any) -> Sequence[Part]:
        """See ``Parts``."""
        return ()

    def end(self, job: Job) -> Job:
        """See ``Parts``."""
        return job

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


J = TypeVar("J", bound=Job)


@dataclass(eq=False)
class _Task:
    """A job, or a part ``of`` one: how often it was tried, how many of its parts are left."""

    number: int
    job: Job
    name: str
    of: "_Task | None" = None
    attempts: int = 0
    begun: bool = False
    parts: int = 0


def run_batch(
    jobs: Sequence[J],
    names: Sequence[str],
    executor: Executor,
    finished: Callable[[Record], None],
    parts: Parts | None = None,
) -> list[Record]:
    """The records of all ``jobs``, in their order; as many at a time as the executor takes.

    A job is tried up to ``ATTEMPTS`` times where its record says ``transient``, after those that
    wait, so that one which kills its workers stops nobody; every other failure is final. Parts of a
    job come before it, side by side; one that fails leaves the rest to the job itself.
    names: of the jobs, for messages · finished: told of each record as it comes. An exception, such
    as Ctrl-C, leaves files that can be resumed.
    """
    split = parts or NoParts()
    waiting = deque(map(_Task, count(), jobs, names))
    numbers = count(len(jobs))
    records: dict[int, Record] = {}
    under_way: dict[int, _Task] = {}
    with executor, split:
        while waiting or under_way:
            while waiting and len(under_way) < executor.slots:
                task = waiting.popleft()
                if task.of is None and not task.begun:
                    task.begun = True
                    before = split.begin(task.job)
                    if before:
                        task.parts = len(before)
                        parted = [_Task(next(numbers), each, each.name, task) for each in before]
                        waiting.extendleft(reversed(parted))
                        continue
                task.attempts += 1
                under_way[task.number] = task
                executor.submit(task.number, task.job, task.name)
            number, record = executor.collect()
            task = under_way.pop(number)
            if record.pop("transient", False) and task.attempts < ATTEMPTS:
                note(f"{record['error']}: attempt {task.attempts + 1} of {ATTEMPTS} follows")
                task.job = task.job.again()
                waiting.append(task)
            elif task.of is not None:
                _end_part(task.of, record, waiting, split)
            else:
                records[number] = record
                finished(record)
    return [records[number] for number in range(len(jobs))]


def _end_part(whole: _Task, record: Record, waiting: deque[_Task], split: Parts) -> None:
    """A part of ``whole`` has come to its end: the next one, or ``whole`` itself."""
    whole.parts -= 1
    if record["status"] != "ok":
        left = [task for task in waiting if task.of is whole]
        for task in left:
            waiting.remove(task)
        whole.parts -= len(left)
    if not whole.parts:
        whole.job = split.end(whole.job)
        waiting.appendleft(whole)


def part_of(items: Sequence[Any], shard: tuple[int, int]) -> list[Any]:
    """The ``i``-th of ``n`` parts of a list, every n-th item: ``shard`` = (i, n), i from 1."""
    i, n = shard
    return list(items[i - 1 :: n])
