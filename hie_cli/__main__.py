"""``hie`` and ``python -m hie_cli``: run the command line; every error becomes one line."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from hie_cli.core.errors import EXIT_FAILED, EXIT_INTERRUPTED, exit_code, one_line
from hie_cli.core.libraries import remove_caches

# SIGHUP: the terminal has been closed.
STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_AGAIN_SECONDS = 0.05


class Interrupted(BaseException):
    """Ctrl-C or a polite kill; unlike KeyboardInterrupt, typer lets it through to ``main``.

    Where other code swallows it, as a library being imported may, or the interpreter itself in a
    finalizer, it is raised once more a moment later, until ``main`` has seen it.
    """

    asked = seen = False

    def __del__(self) -> None:
        if not Interrupted.seen:
            _raise_again()


def _raise_again() -> None:
    # None of them on Windows, or at the interpreter's end.
    with suppress(AttributeError, ValueError, TypeError):
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)


def _again(number: int, frame: FrameType | None) -> None:
    if not Interrupted.seen:
        raise Interrupted


def _interrupt(number: int, frame: FrameType | None) -> None:
    Interrupted.asked = True
    for one in STOPS:
        signal.signal(one, _leave_at_once)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _again)
    raise Interrupted


def _leave_at_once(number: int, frame: FrameType | None) -> None:
    """The second Ctrl-C: somebody does not want to wait for the networks to come to an end."""
    from hie_cli.cli import terminal

    with suppress(OSError):
        os.write(2, terminal.interruption().encode() + b"\n")
    os._exit(EXIT_INTERRUPTED)


def _ignored(what: "sys.UnraisableHookArgs") -> None:
    """Say of exceptions in finalizers what Python says, but nothing of an interruption."""
    if what.exc_type is not Interrupted:
        sys.__unraisablehook__(what)


def main() -> None:
    """Run the command line; exit with the documented code (see docs/cli.md)."""
    _open_standard_streams()
    sys.unraisablehook = _ignored
    for number in STOPS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup and its like
            signal.signal(number, _interrupt)
    code = _flush(_run())
    remove_caches()
    # The stages have closed their files by now. Should a thread still be deep in a network, its C++
    # would abort the process when the interpreter ends under it.
    os._exit(code)


def _run() -> int:
    """The exit code of the command line; what went wrong has been said."""
    from hie_cli.cli import terminal
    from hie_cli.cli.app import run

    try:
        return run()
    except Interrupted:
        Interrupted.seen = True
        terminal.complain(terminal.interruption())
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone: no error of ours
        _drop(sys.stdout)
        return EXIT_INTERRUPTED
    except Exception as error:
        if Interrupted.asked:  # and taken for a failure by other code
            Interrupted.seen = True
            terminal.complain(terminal.interruption())
            return EXIT_INTERRUPTED
        if isinstance(error, OSError) and not error.filename:  # files have names
            return _unwritable(error)
        terminal.complain(f"hie: {one_line(error)}")
        if terminal.wants_tracebacks():
            terminal.complain_of(error)
        return exit_code(error)


def _open_standard_streams() -> None:
    """Give a process that was started without some of its streams something in their place.

    Else the next file that is opened becomes stdout, and whatever prints writes into it. What is
    printed to the stand-in of stdout fails, as it should; that of stderr takes everything.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            flags = os.O_RDONLY if number < 2 else os.O_WRONLY
            opened = os.open(os.devnull, flags)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


def _flush(code: int) -> int:
    """The exit code, once what was printed has truly been written."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop(sys.stdout)
    except (OSError, ValueError) as error:
        code = code or _unwritable(error)
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    return code


def _unwritable(error: OSError | ValueError) -> int:
    """Say that stdout takes nothing; the exit code."""
    from hie_cli.cli import terminal

    reason = getattr(error, "strerror", None) or str(error)
    terminal.complain(f"hie: stdout cannot be written ({reason}); the results are incomplete")
    _drop(sys.stdout)
    return EXIT_FAILED


def _drop(stream: object) -> None:
    """Let what is still to be written to a stream go nowhere."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
