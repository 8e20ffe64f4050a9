"""The commands by name: the one place where a command is made known.

A command is a function whose parameters are its arguments and options::

    @command("count", "Look at results")
    def count(documents: options.Documents, json: options.Json = False) -> None:
        '''Count the people of documents, frame by frame.'''

``"models list"`` belongs to the group ``models``. Every command gets ``--quiet``, ``--verbose`` and
``--log`` from here; the other shared options are in ``options``. A plug-in (``core.plugins``) adds
a command of its own in the same way.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hie_cli.cli import options, terminal

F = TypeVar("F", bound=Callable[..., None])

CHAIN = "From video to results"
LOOK = "Look at results"
SCORE = "Score and exchange"
LEARN = "Train and simulate"
FIND = "Find footage"
SET_UP = "Set up"
PLUGINS = "Plug-ins"
PANELS = (CHAIN, LOOK, SCORE, FIND, LEARN, SET_UP, PLUGINS)

# Groups of commands: panel and summary.
GROUPS: dict[str, tuple[str, str]] = {
    "summary": (SCORE, "Score video summarisers on the field's data sets."),
    "data": (LEARN, "Look through training data, and draw samples of it."),
    "train": (LEARN, "Train networks on your own data, or on simulated crowds."),
    "mine": (FIND, "Search a pool of videos for footage like yours."),
    "models": (SET_UP, "List, show, verify and import models."),
    "config": (SET_UP, "Show the settings that would be used, or write a commented file of them."),
}


@dataclass(frozen=True)
class Command:
    """One command: its name (``"models list"`` in a group), what it runs, its panel in the help."""

    name: str
    run: Callable[..., None]
    panel: str


COMMANDS: dict[str, Command] = {}
_EVERYWHERE = {
    "quiet": (options.Quiet, False),
    "verbose": (options.Verbose, False),
    "log": (options.Log, None),
}


def command(name: str, panel: str = PLUGINS) -> Callable[[F], F]:
    """Make a function known as the command ``name``; see above.

    Raises ValueError if the name is taken.
    """

    def register(function: F) -> F:
        if name in COMMANDS or name in GROUPS:
            raise ValueError(f"command {name!r} is already registered")
        whole = _with_common_options(function)
        COMMANDS[name] = Command(name, whole, panel)
        return whole

    return register


def _with_common_options(function: F) -> F:
    """``function`` with the options of every command, which are dealt with before it runs."""
    own = inspect.signature(function, eval_str=True)

    @functools.wraps(function)
    def run(
        *args: Any,
        quiet: bool = False,
        verbose: bool = False,
        log: Path | None = None,
        **kwargs: Any,
    ) -> None:
        terminal.start(quiet, verbose, log)
        terminal.set_resumable("resume" in own.parameters)
        function(*args, **kwargs)

    keyword = inspect.Parameter.KEYWORD_ONLY
    added = [
        inspect.Parameter(name, keyword, default=default, annotation=kind)
        for name, (kind, default) in _EVERYWHERE.items()
    ]
    run.__signature__ = own.replace(  # type: ignore[attr-defined] # read by typer
        parameters=[*own.parameters.values(), *added]
    )
    run.__annotations__ = {
        **function.__annotations__,
        **{name: kind for name, (kind, _) in _EVERYWHERE.items()},
    }
    return run  # type: ignore[return-value] # it takes what ``function`` takes
