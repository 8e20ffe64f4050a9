"""``hie report``."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder of results, as hie run -o writes.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="HTML", help="Default: DIR/report.html."),
    ] = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
) -> None:
    """Make one HTML page of a results folder: contact sheets, counts, identities, actions.

    \b
    Examples:
      hie report out
      hie report out -o crowd.html --overwrite
    """
    from hie_cli.core.progress import note, set_quiet

    set_quiet(quiet)
    path = hie_cli.write_report(folder, output, overwrite=overwrite)
    note(f"wrote {path}")
