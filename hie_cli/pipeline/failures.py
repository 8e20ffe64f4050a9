"""A failure of one video or document, in one line and with its exit code; the others go on."""

import logging
from typing import Any

from hie_cli.core.errors import HieError, exit_code, one_line

log = logging.getLogger("hie_cli")


def failure(name: str, error: BaseException) -> dict[str, Any]:
    """The record of a failure for ``summary.json``; its traceback goes to the log."""
    log.debug("%s failed", name, exc_info=error)
    line = one_line(error)
    if not isinstance(error, HieError):
        line = f"{name}: {line}"
    return {"status": "failed", "error": line, "exit_code": exit_code(error)}
