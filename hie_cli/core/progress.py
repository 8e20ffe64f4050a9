"""What is under way, told to whoever shows it: a terminal, a parent process, or nobody.

Nobody, until the command line says otherwise: the library prints nothing.
"""

import time
from collections.abc import Generator, Iterable, Iterator, Sized
from contextlib import contextmanager
from itertools import count
from typing import TypeVar

from hie_cli.core.progress_display import Display
from hie_cli.core.progress_events import Begin, End, Event, Note, Reporter, Step

T = TypeVar("T")


_reporter: Reporter | None = None
_tasks = count()
_SECONDS_BETWEEN_STEPS = 0.1


def set_reporter(reporter: Reporter | None) -> None:
    """Tell ``reporter`` of everything from now on, from any thread; None: nobody."""
    global _reporter
    _reporter = reporter


@contextmanager
def listening(reporter: Reporter) -> Iterator[None]:
    """Tell ``reporter``, too, of everything within the ``with`` block."""
    before = _reporter

    def both(event: Event) -> None:
        reporter(event)
        if before is not None:
            before(event)

    set_reporter(both)
    try:
        yield
    finally:
        set_reporter(before)


def set_quiet(quiet: bool) -> None:
    """Show everything on stderr, or with ``quiet`` nothing at all."""
    set_reporter(None if quiet else Display())


def tell(event: Event) -> None:
    """Tell the reporter, if there is one."""
    if _reporter is not None:
        _reporter(event)


def progress(
    items: Iterable[T], label: str, total: int | None = None, unit: str = "frame"
) -> Generator[T, None, None]:
    """Yield ``items``, told as a task from the first of them on."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    task, told = next(_tasks), 0.0
    begun = False
    try:
        for done, item in enumerate(items, 1):
            if not begun:
                tell(Begin(task, label, total, unit))
                begun = True
            now = time.monotonic()
            if now - told >= _SECONDS_BETWEEN_STEPS:
                tell(Step(task, done))
                told = now
            yield item
    finally:
        if begun:
            tell(End(task))


def note(message: str) -> None:
    """One line for the person at the terminal; nothing under ``--quiet``."""
    tell(Note(message))
