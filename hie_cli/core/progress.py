"""Progress on stderr, with rate and time left; silent off a terminal or when asked to be."""

import sys
from collections.abc import Iterable, Iterator, Sized
from itertools import chain, islice
from typing import TypeVar

from hie_cli.core.text import printable

T = TypeVar("T")

_quiet = True  # the command line switches progress and notes on


def set_quiet(quiet: bool) -> None:
    """Silence every progress bar and note of this process (``--quiet``)."""
    global _quiet
    _quiet = quiet


def progress(
    items: Iterable[T], label: str, total: int | None = None, unit: str = "frame"
) -> Iterator[T]:
    """Yield ``items``, drawing a bar from the first of them on, after two seconds of work."""
    from tqdm import tqdm

    if total is None and isinstance(items, Sized):
        total = len(items)
    hidden = _quiet or not sys.stderr.isatty()
    label = printable(label, keep="")
    iterator = iter(items)
    begun = list(islice(iterator, 1))
    yield from tqdm(
        chain(begun, iterator), label, total, unit=f" {unit}", delay=2, disable=hidden, leave=False
    )


def note(message: str) -> None:
    """One line on stderr for the person at the terminal; nothing under ``--quiet``."""
    if not _quiet:
        print(printable(message, keep=""), file=sys.stderr)
