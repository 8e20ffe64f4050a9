"""What workers tell and log, on its way to the process that the user sees."""

import logging
from collections.abc import Callable
from typing import Any

from hie_cli.core import progress

log = logging.getLogger("hie_cli")


class Forward(logging.Handler):
    """Sends log records on, as text, for exceptions cannot always be sent."""

    def __init__(self, send: Callable[[Any], None]) -> None:
        super().__init__()
        self._send = send
        self._formatter = logging.Formatter("%(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        text = self._formatter.format(record)
        plain = logging.LogRecord(
            record.name, record.levelno, record.pathname, record.lineno, text, None, None
        )
        self._send(plain)


def pass_on(message: Any, worker: int) -> None:
    """Log or tell here what worker number ``worker`` logged or told there."""
    if isinstance(message, logging.LogRecord):
        log.handle(message)
        return
    if hasattr(message, "task"):  # two workers number their tasks alike
        message = message._replace(task=(worker + 1) << 32 | message.task)
    progress.tell(message)
