"""The ``hie`` command, built from the table of commands."""

import re
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer import TyperException

from hie_cli.cli import terminal
from hie_cli.cli.commands import COMMANDS, GROUPS
from hie_cli.cli.help import PlainGroup
from hie_cli.cli.parsing import StrictCommand
from hie_cli.core import plugins
from hie_cli.core.errors import EXIT_OK, EXIT_USAGE, ConfigError, nearest
from hie_cli.core.version import __version__

# Each registers its commands; the order is that of the help.
MODULES = (
    "run_cmd", "status_cmd", "detect_cmd", "pose_cmd", "track_cmd", "action_cmd", "render_cmd",
    "report_cmd", "analyse_cmd", "zones_cmd", "eval_cmd", "convert_cmd", "submit_cmd",
    "simulate_cmd", "data_cmd", "train_cmd", "train_detect_cmd", "train_pose_cmd",
    "train_fusion_cmd", "train_hash_cmd", "train_summary_cmd", "export_cmd", "mine_cmd",
    "summarize_cmd", "summary_cmd", "models_cmd", "models_import_cmd", "models_measure_cmd",
    "config_cmd", "doctor_cmd", "benchmark_cmd",
)  # fmt: skip
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _version(wanted: bool) -> None:
    if wanted:
        terminal.show(f"hie {__version__}")
        raise typer.Exit


def hie(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Understand people in crowded video: boxes, poses, tracks and actions.

    \b
    hie run crowd.mp4 -o out              everything, to out/ (JSON, overlay video, contact sheet)
    hie detect crowd.mp4 -o out           one stage at a time; each reads the one before
    hie eval out/track --truth gt.txt     the challenge's numbers

    \b
    Exit codes: 0 ok, 1 ran but something failed, 2 wrong usage or configuration,
    3 bad input data, 4 model or weights, 130 interrupted.
    """


def build() -> typer.Typer:
    """The command with all its subcommands, those of plug-ins too.

    Raises ConfigError for a plug-in that cannot be imported.
    """
    for module in MODULES:
        import_module(f"hie_cli.cli.{module}")
    plugins.load()
    app = typer.Typer(
        name="hie", no_args_is_help=True, cls=PlainGroup, rich_markup_mode=None,
        pretty_exceptions_enable=False, context_settings=_SETTINGS,
    )  # fmt: skip
    app.callback()(hie)
    groups: dict[str, typer.Typer] = {}
    for name, item in COMMANDS.items():
        group, _, rest = name.rpartition(" ")
        if not group:
            app.command(name, cls=StrictCommand, rich_help_panel=item.panel)(item.run)
            continue
        if group not in groups:
            panel, text = GROUPS[group]
            groups[group] = typer.Typer(
                no_args_is_help=True, cls=PlainGroup, rich_markup_mode=None, help=text,
                context_settings=_SETTINGS,
            )  # fmt: skip
            app.add_typer(groups[group], name=group, rich_help_panel=panel)
        groups[group].command(rest, cls=StrictCommand)(item.run)
    return app


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code. Raises HieError, ConfigError for wrong usage."""
    app: Any = build()
    try:
        code = app(arguments, prog_name="hie", standalone_mode=False)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "hie"
        message = error.format_message()
        if type(error).__name__ == "NoArgsIsHelpError":  # not exported by typer
            terminal.show(message)
            return EXIT_USAGE
        where = f"{path.removeprefix('hie ')}: " if " " in path else ""
        raise ConfigError(f"{where}{_one_line(message)}; see {path} --help") from None
    return code if isinstance(code, int) else EXIT_OK


def _one_line(message: str) -> str:
    """typer's message as the rest of hie words it."""
    words = " ".join(message.split()).rstrip(".")
    found = re.fullmatch(r"(.*: (\S+)) \(Possible options: (.*)\)", words)
    if found is not None:
        words = found[1] + nearest(found[2], found[3].split(", "))
    words = re.sub(r"\. Did you mean ('[^']*').*", r"; did you mean \1?", words)
    return words[:1].lower() + words[1:]
