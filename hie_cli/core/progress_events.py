"""What is told of work that is under way (``core.progress``)."""

from collections.abc import Callable
from typing import NamedTuple


class Begin(NamedTuple):
    """Work on something begins: ``total`` units of it, None if that is not known."""

    task: int
    label: str
    total: int | None
    unit: str


class Step(NamedTuple):
    """So many units of a task are done."""

    task: int
    done: int


class End(NamedTuple):
    """A task has come to its end, or was given up."""

    task: int


class Overall(NamedTuple):
    """So many of all videos are done."""

    done: int
    total: int


class Doing(NamedTuple):
    """What is being done that cannot be counted, such as loading a network."""

    text: str


class Note(NamedTuple):
    """A line for the person at the terminal."""

    text: str


Event = Begin | Step | End | Overall | Doing | Note
Reporter = Callable[[Event], None]
