"""Jobs in this process, one after another."""

from typing import Any, Self

from hie_cli.pipeline.executors.base import Record, Work


class ThisProcess:
    """The executor without workers: networks stay loaded here, and an interruption is felt here."""

    slots = 1

    def __init__(self, work: Work[Any]) -> None:
        self._work = work
        self._waiting: list[tuple[int, Any]] = []

    def submit(self, number: int, job: Any, name: str) -> None:
        """See ``Executor``."""
        self._waiting.append((number, job))

    def collect(self) -> tuple[int, Record]:
        """Run the job that was submitted."""
        number, job = self._waiting.pop()
        return number, self._work(job)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return
