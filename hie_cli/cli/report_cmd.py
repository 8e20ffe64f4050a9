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
    zones: Annotated[
        Path | None,
        typer.Option("--zones", metavar="YAML", help="Count at these lines and areas (hie zones)."),
    ] = None,
    embed: Annotated[
        bool, typer.Option("--embed", help="One file that holds all videos, to be sent.")
    ] = False,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Make a page of a results folder to explore in a browser, without any network.

    The overlay plays beside a timeline of people and actions; events, crowding, places, ways and
    speeds follow, and how far to trust them. Of several videos: an index, and a page each (with
    --embed inside it).

    \b
    Examples:
      hie report out
      hie report out --zones hall.yaml
      hie report out --embed -o to-send.html
    """
    pages = hie_cli.write_report(folder, output, zones=zones, embed=embed, overwrite=overwrite)
    if json:
        show_json({"file": str(pages.page), "videos": [str(path) for path in pages.videos]})
    else:
        show(str(pages.page))
