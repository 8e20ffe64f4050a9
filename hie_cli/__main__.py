"""``hie`` and ``python -m hie_cli``: run the command line; expected errors become one line."""

import os
import signal
import sys
from types import FrameType

from hie_cli.core.errors import EXIT_INTERRUPTED, HieError

STOPS = (signal.SIGINT, signal.SIGTERM)
MESSAGE = "hie: interrupted; --resume continues"


class Interrupted(BaseException):
    """Ctrl-C or a polite kill; unlike KeyboardInterrupt, typer lets it through to ``main``."""


def _interrupt(number: int, frame: FrameType | None) -> None:
    for one in STOPS:
        signal.signal(one, _leave_at_once)
    raise Interrupted


def _leave_at_once(number: int, frame: FrameType | None) -> None:
    """The second Ctrl-C: somebody does not want to wait for the networks to come to an end."""
    os.write(2, MESSAGE.encode() + b"\n")
    os._exit(EXIT_INTERRUPTED)


def main() -> None:
    """Run the command line; exit with the documented code (see docs/cli.md)."""
    from hie_cli.cli import terminal
    from hie_cli.cli.app import run

    for number in STOPS:
        signal.signal(number, _interrupt)
    try:
        code = run()
    except HieError as error:
        terminal.complain(f"hie: {error}")
        if terminal.wants_tracebacks():
            terminal.complain_of(error)
        code = error.exit_code
    except Interrupted:
        terminal.complain(MESSAGE)
        code = EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone: no error of ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_INTERRUPTED
    # The stages have closed their files by now. Should a thread still be deep in a network, its C++
    # would abort the process when the interpreter ends under it.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
