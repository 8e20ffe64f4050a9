"""``hie render``."""

from pathlib import Path
from typing import Annotated

import typer

from hie_cli.cli import options
from hie_cli.cli.commands import LOOK, command


@command("render", LOOK)
def render(
    documents: options.Documents,
    video: options.VideoOf = None,
    output: options.Output = Path("out"),
    png: Annotated[
        bool, typer.Option("--png", help="Also every drawn frame, as render/NAME/000000.png.")
    ] = False,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Draw results over the video: DIR/render/NAME.mp4 and a contact sheet NAME.png.

    \b
    Examples:
      hie render out/action --video clips/ -o out
      hie render out/pose/crowd.json --video crowd.mp4 -o out --png --set render.boxes=false
    """
    from hie_cli.cli.runner import Session

    session = Session(output, preset, config, sets, "cpu", overwrite, False, json)
    session.run_documents(documents, video or [], "render", png=png)
