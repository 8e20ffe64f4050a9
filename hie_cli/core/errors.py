"""Errors a user can cause, each with the exit code the command line documents.

A message is one line that names the file, the place in it and the fix, for example
``det/20.json: frame 118: person 4 has x2 < x1 (812.0 < 840.5); expected xyxy``.
"""

import os
from pathlib import Path
from typing import Literal

from hie_cli.core.text import brief, without_login

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INPUT = 3
EXIT_MODEL = 4
EXIT_INTERRUPTED = 130

# What becomes of one input of many that fails: its error ends the call, or is kept beside the rest.
OnError = Literal["raise", "collect"]


class HieError(Exception):
    """Base of every expected error; the command line prints it in one line, without traceback.

    Its message is made one line of bounded length here, whatever it quotes, and passwords in
    addresses are left out.
    """

    exit_code = EXIT_FAILED

    def __init__(self, message: str) -> None:
        super().__init__(brief(without_login(message)))


class ConfigError(HieError):
    """Wrong usage: an unknown key, a meaningless pair of options, an unwritable output."""

    exit_code = EXIT_USAGE


class InputError(HieError):
    """Bad input data: a broken video, document, ground truth or a mismatch between them."""

    exit_code = EXIT_INPUT


class ModelError(HieError):
    """A model or its weights are unknown, missing, damaged or of the wrong shape."""

    exit_code = EXIT_MODEL


def input_error(path: str | os.PathLike[str], place: str, fix: str) -> InputError:
    """An ``InputError`` reading ``path: place: fix`` (``place`` may be empty)."""
    parts = [str(Path(path)), place, fix]
    return InputError(": ".join(part for part in parts if part))


def check_on_error(errors: str) -> None:
    """ConfigError unless it is one of ``OnError``."""
    if errors not in ("raise", "collect"):
        raise ConfigError(f"errors={errors!r}; expected 'raise' or 'collect'")


def nearest(name: str, known: list[str]) -> str:
    """``; did you mean 'x'?`` for the known name nearest to ``name``, else an empty string."""
    import difflib

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def exit_code(error: BaseException) -> int:
    """The documented exit code of any error; a path that cannot be read is bad input."""
    if isinstance(error, HieError):
        return error.exit_code
    return EXIT_INPUT if isinstance(error, OSError) and error.filename else EXIT_FAILED


def one_line(error: BaseException) -> str:
    """What a user reads of any error; an expected one says it all itself."""
    if isinstance(error, HieError):
        return str(error)
    if isinstance(error, MemoryError):
        return "out of memory; use fewer --workers, a smaller --preset or smaller frames"
    if isinstance(error, OSError) and error.strerror:
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return brief(f"{place}{error.strerror}")
    lines = str(error).strip().splitlines()
    kind = type(error).__name__
    reason = f"{kind}: {lines[0].strip()}" if lines else kind
    return brief(f"unexpected failure ({reason}); --verbose shows where")
