"""A failure of one video or document, in one line and with its exit code; the others go on."""

import logging
from typing import Any

from hie_cli.core.errors import EXIT_FAILED, HieError

log = logging.getLogger("hie_cli")


def one_line(name: str, error: BaseException) -> str:
    """What a user reads of any error while ``name`` was worked on."""
    if isinstance(error, HieError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{name}: out of memory; use fewer --workers, a smaller --preset or smaller frames"
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{name}: {place}{error.strerror}"
    lines = str(error).strip().splitlines()
    kind = type(error).__name__
    reason = f"{kind}: {lines[0].strip()}" if lines else kind
    return f"{name}: unexpected failure ({reason}); --verbose shows where"


def failure(name: str, error: BaseException) -> dict[str, Any]:
    """The record of a failure for ``summary.json``; its traceback goes to the log."""
    log.debug("%s failed", name, exc_info=error)
    code = error.exit_code if isinstance(error, HieError) else EXIT_FAILED
    return {"status": "failed", "error": one_line(name, error), "exit_code": code}
