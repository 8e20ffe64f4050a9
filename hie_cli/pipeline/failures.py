"""A failure of one video or document, in one line and with its exit code; the others go on."""

import errno
import logging
from typing import Any

from hie_cli.core.errors import HieError, exit_code, one_line

log = logging.getLogger("hie_cli")

# What disks and networks say of a moment, not of the file: another attempt may do better.
_PASSING = frozenset(
    {
        errno.EIO, errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ETIMEDOUT, errno.ESTALE,
        errno.ECONNRESET, errno.ECONNREFUSED, errno.ECONNABORTED, errno.ENETDOWN,
        errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EREMOTEIO,
    }
)  # fmt: skip


def failure(name: str, error: BaseException) -> dict[str, Any]:
    """The record of a failure for ``summary.json``; its traceback goes to the log.

    ``transient``: another attempt may do better.
    """
    log.debug("%s failed", name, exc_info=error)
    line = one_line(error)
    if not isinstance(error, HieError):
        line = f"{name}: {line}"
    record: dict[str, Any] = {"status": "failed", "error": line, "exit_code": exit_code(error)}
    if is_passing(error):
        record["transient"] = True
    return record


def is_passing(error: BaseException) -> bool:
    """Whether an error, or the one that it was made of, is of disks or networks in this moment."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _PASSING:
            return True
        cause = cause.__cause__ or cause.__context__
    return False
