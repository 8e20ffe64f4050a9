"""What runs jobs: given some by number, it gives back their records as they come to their end."""

from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar

from hie_cli.core.errors import EXIT_FAILED

J = TypeVar("J")
Record = dict[str, Any]
Work = Callable[[J], Record]  # an importable function, so that another process finds it


class Executor(Protocol):
    """Runs up to ``slots`` jobs at a time; a context manager that ends what still runs."""

    @property
    def slots(self) -> int:
        """How many jobs run at a time."""

    def submit(self, number: int, job: Any, name: str) -> None:
        """Begin a job; ``name`` is for the record of one whose worker dies.

        No more than ``slots`` may be under way.
        """

    def collect(self) -> tuple[int, Record]:
        """Wait for the next job that comes to its end: its number and record."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def death(name: str, how: str, hint: str) -> Record:
    """The record of a job whose worker died: it may be tried again."""
    return {
        "name": name,
        "status": "failed",
        "error": f"{name}: its worker process died ({how}); {hint}",
        "exit_code": EXIT_FAILED,
        "transient": True,
    }
