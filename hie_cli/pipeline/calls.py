"""A function called for each of many videos or sequences on an executor; what came of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hie_cli.core.errors import HieError, one_line
from hie_cli.pipeline.batch import run_batch
from hie_cli.pipeline.executors.base import Record
from hie_cli.pipeline.executors.engine import Engine
from hie_cli.pipeline.failures import failure


@dataclass(frozen=True)
class Call:
    """``function(*arguments)``, which another process can be told; ``name``: of what it is for."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]

    def again(self) -> "Call":
        """The call for another attempt: the same."""
        return self


@dataclass(frozen=True)
class Outcome:
    """What a call gave, or the error that it raised."""

    name: str
    value: Any = None
    error: Exception | None = None


def run_calls(calls: Sequence[Call], engine: Engine, take: Callable[[Outcome], None]) -> None:
    """Run calls of different names; one that fails stops no other.

    take: told of each outcome in the order of ``calls``, as soon as it and all before it are there;
    what it raises ends the others.
    """
    if not calls:
        return
    ready: dict[str, Outcome] = {}
    names = [call.name for call in calls]
    following = iter(names)
    expected = next(following)

    def finished(record: Record) -> None:
        nonlocal expected
        ready[record["name"]] = _outcome(record)
        while expected in ready:
            take(ready.pop(expected))
            expected = next(following, "")

    run_batch(calls, names, engine.executor(run_call, len(calls)), finished)


def run_call(call: Call) -> Record:
    """Run one call; its record holds the value or the error."""
    try:
        value = call.function(*call.arguments)
    except Exception as error:
        raised = error if isinstance(error, HieError | OSError) else HieError(one_line(error))
        return {"name": call.name, "raised": raised} | failure(call.name, error)
    return {"name": call.name, "status": "ok", "value": value}


def _outcome(record: Record) -> Outcome:
    if record["status"] == "ok":
        return Outcome(record["name"], record["value"])
    # A worker that died raised nothing.
    return Outcome(record["name"], error=record.get("raised") or HieError(record["error"]))
