"""What reaches the user's terminal: every command prints through here."""

import json
import logging
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from hie_cli.core import progress
from hie_cli.core.errors import ConfigError
from hie_cli.core.text import brief, encodable, printable

DEBUG = "HIE_DEBUG"
_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_verbose = False
resumable = False  # whether the command that runs could be continued by --resume


def start(quiet: bool, verbose: bool, log: Path | None) -> None:
    """Switch on what a command was asked for: notes and progress, log, tracebacks.

    Raises ConfigError for options that contradict each other or a log that cannot be written.
    """
    global _verbose
    if quiet and verbose:
        raise ConfigError("--quiet and --verbose contradict each other; give one")
    _verbose = verbose or os.environ.get(DEBUG, "") not in ("", "0")
    progress.set_quiet(quiet)
    logger = logging.getLogger("hie_cli")
    for old in logger.handlers[:]:
        logger.removeHandler(old)
        old.close()
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    if _verbose:
        _add(logger, logging.StreamHandler(sys.stderr))
    if log is not None:
        try:
            _add(logger, logging.FileHandler(log, encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"--log {log}: cannot be written ({error.strerror})") from None


def _add(logger: logging.Logger, handler: logging.Handler) -> None:
    handler.setFormatter(logging.Formatter(_LINE))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def wants_tracebacks() -> bool:
    """Whether an error is to be followed by its traceback (``--verbose``, ``HIE_DEBUG=1``)."""
    return _verbose or os.environ.get(DEBUG, "") not in ("", "0")


def set_resumable(can: bool) -> None:
    """Whether --resume would continue what the command does, should it be interrupted."""
    global resumable
    resumable = can


def interruption() -> str:
    """What an interrupted command says."""
    return "hie: interrupted; --resume continues" if resumable else "hie: interrupted"


def show(text: str, end: str = "\n") -> None:
    """Print a result on stdout; control characters of names in it are escaped."""
    print(printable(text), end=end)


def show_json(record: Any) -> None:
    """Print a result on stdout as JSON."""
    print(json.dumps(encodable(record), indent=1, allow_nan=False))


def complain(text: str) -> None:
    """Print one line of what is wrong on stderr."""
    with suppress(OSError, ValueError):  # nobody is there to read it; the exit code tells
        print(brief(text), file=sys.stderr)


def complain_of(error: BaseException) -> None:
    """Print an error's traceback on stderr."""
    with suppress(OSError, ValueError):
        print(printable("".join(traceback.format_exception(error))), file=sys.stderr, end="")
