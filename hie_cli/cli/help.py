"""Help as plain text: options and commands in panels, summaries in full."""

import inspect
from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand, TyperGroup

from hie_cli.cli.commands import PANELS
from hie_cli.cli.options import COMMON

OWN = "Options"


class PlainCommand(TyperCommand):
    """A command whose own options stand before those that commands share."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """See click; ``VIDEO...`` for several, ``[DATA]`` for what may be left out."""
        pieces = ["[OPTIONS]"]
        for parameter in self.get_params(ctx):
            if parameter.param_type_name == "argument":
                name = (parameter.metavar or str(parameter.name).upper()).strip("[].")
                name += "..." if parameter.nargs != 1 else ""
                pieces.append(name if parameter.required else f"[{name}]")
        return pieces

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """See click."""
        _write_parameters(self.get_params(ctx), ctx, formatter)


class PlainGroup(TyperGroup):
    """Commands by panel, each with the whole of its first paragraph."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """See click; the commands come first."""
        self.format_commands(ctx, formatter)
        _write_parameters(self.get_params(ctx), ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """See click."""
        panels: dict[str, list[tuple[str, str]]] = {panel: [] for panel in PANELS}
        for name, command in self.commands.items():
            panel = getattr(command, "rich_help_panel", None)
            rows = panels.setdefault(panel if isinstance(panel, str) else "Commands", [])
            rows.append((name, summary(command.help or "")))
        for panel, rows in panels.items():
            _write(formatter, panel, rows)


def summary(text: str) -> str:
    """The first paragraph of a docstring as one line."""
    paragraph = inspect.cleandoc(text).replace("\b", "").split("\n\n")[0]
    return " ".join(paragraph.split())


def _write_parameters(parameters: Sequence[Any], ctx: Any, formatter: Any) -> None:
    panels: dict[str, list[tuple[str, str]]] = {"Arguments": [], OWN: []}
    shared = []
    for parameter in parameters:
        row = parameter.get_help_record(ctx)
        if row is None:
            continue
        panel = getattr(parameter, "rich_help_panel", None)
        if parameter.param_type_name == "argument":
            panels["Arguments"].append(row)
        elif panel == COMMON or "--help" in parameter.opts:
            shared.append(row)
        else:
            panels.setdefault(panel if isinstance(panel, str) else OWN, []).append(row)
    if len(shared) == 1:  # a group has --help alone
        panels[OWN] += shared
        shared = []
    for title, rows in panels.items():
        _write(formatter, title, rows)
    _write(formatter, COMMON, shared)


def _write(formatter: Any, title: str, rows: Sequence[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)
