"""``hie report``."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LOOK, command
from hie_cli.cli.terminal import show, show_json


@command("report", LOOK)
def report(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder of results, as hie run -o writes.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="HTML", help="Default: DIR/report.html."),
    ] = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Make one HTML page of a results folder: contact sheets, counts, identities, actions.

    \b
    Examples:
      hie report out
      hie report out -o crowd.html --overwrite
    """
    path = hie_cli.write_report(folder, output, overwrite=overwrite)
    if json:
        show_json({"file": str(path)})
    else:
        show(str(path))
