"""What every command gets from the table of commands."""

from collections.abc import Callable

import pytest

from hie_cli.cli import terminal
from hie_cli.cli.app import build
from hie_cli.cli.commands import COMMANDS, command
from hie_cli.core.errors import ConfigError


def continued(resume: bool = False) -> None:
    """A command that can be continued."""


def whole() -> None:
    """A command that cannot."""


@pytest.mark.parametrize(
    ("function", "words"),
    [(continued, "hie: interrupted; --resume continues"), (whole, "hie: interrupted")],
)
def test_only_what_can_be_resumed_says_so(monkeypatch, function: Callable[[], None], words: str):
    monkeypatch.setattr(terminal, "resumable", False)
    command(function.__name__)(function)
    COMMANDS.pop(function.__name__).run()
    assert terminal.interruption() == words


def test_a_name_is_given_once():
    build()
    with pytest.raises(ValueError, match="'run' is already registered"):
        command("run")(whole)
    with pytest.raises(ConfigError, match="contradict"):
        terminal.start(quiet=True, verbose=True, log=None)
