"""``hie zones``."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LOOK, command
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.progress import note


@command("zones", LOOK)
def zones(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="Video, image or image folder.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="YAML", help="File of zones; read if it exists."),
    ] = Path("zones.yaml"),
    frame: Annotated[int, typer.Option("--frame", help="The frame to draw on.")] = 0,
    port: Annotated[int, typer.Option("--port", help="0: any free one.")] = 0,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser.")
    ] = True,
    json: options.Json = False,
) -> None:
    """Draw lines, areas and points of the ground on a frame, in a page of this machine alone.

    \b
    The page saves them as YAML for hie analyse --zones and hie render --zones, and ends with Done
    (or Ctrl-C here). Nobody without its address can open it; it asks nothing of any network.

    \b
    Examples:
      hie zones hall.mp4
      hie zones hall.mp4 --frame 250 -o hall.yaml --no-open
    """

    def opened(address: str) -> None:
        note(f"draw at {address}")
        if open_page:
            import webbrowser

            webbrowser.open(address)

    drawn = hie_cli.edit_zones(video, output, frame=frame, port=port, opened=opened)
    if json:
        show_json({"file": str(output), "lines": list(drawn.lines), "zones": list(drawn.zones)})
    else:
        show(f"{output}: {len(drawn.lines)} lines, {len(drawn.zones)} areas")
