"""Many jobs on an executor: their order, their records, another attempt for what chance failed."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self, TypeVar

from hie_cli.core.progress import note
from hie_cli.pipeline.executors.base import Executor, Record

ATTEMPTS = 3  # at a job whose worker dies, or that a disk or network fails


class Job(Protocol):
    """What an executor runs."""

    def again(self) -> Self:
        """The job for another attempt."""


J = TypeVar("J", bound=Job)


def run_batch(
    jobs: Sequence[J],
    names: Sequence[str],
    executor: Executor,
    finished: Callable[[Record], None],
) -> list[Record]:
    """The records of all ``jobs``, in their order; as many at a time as the executor takes.

    A job is tried up to ``ATTEMPTS`` times where its record says ``transient``, after those that
    wait, so that one which kills its workers stops nobody; every other failure is final.
    names: of the jobs, for messages · finished: told of each record as it comes. An exception, such
    as Ctrl-C, leaves files that can be resumed.
    """
    waiting: deque[tuple[int, J]] = deque(enumerate(jobs))
    attempts = dict.fromkeys(range(len(jobs)), 0)
    records: dict[int, Record] = {}
    under_way: dict[int, J] = {}
    with executor:
        while waiting or under_way:
            while waiting and len(under_way) < executor.slots:
                number, job = waiting.popleft()
                under_way[number] = job
                attempts[number] += 1
                executor.submit(number, job, names[number])
            number, record = executor.collect()
            job = under_way.pop(number)
            if record.pop("transient", False) and attempts[number] < ATTEMPTS:
                note(f"{record['error']}: attempt {attempts[number] + 1} of {ATTEMPTS} follows")
                waiting.append((number, job.again()))
                continue
            records[number] = record
            finished(record)
    return [records[number] for number in range(len(jobs))]


def part_of(items: Sequence[Any], shard: tuple[int, int]) -> list[Any]:
    """The ``i``-th of ``n`` parts of a list, every n-th item: ``shard`` = (i, n), i from 1."""
    i, n = shard
    return list(items[i - 1 :: n])
