"""``hie render``."""

from pathlib import Path
from typing import Annotated

import typer

from hie_cli.cli import options
from hie_cli.cli.commands import LOOK, command
from hie_cli.core.errors import ConfigError

LAYERS = "boxes, poses, ids, actions, trails, heat, zones"


@command("render", LOOK)
def render(
    documents: options.Documents,
    video: options.VideoOf = None,
    output: options.Output = Path("out"),
    show: Annotated[
        str | None,
        typer.Option("--show", metavar="LAYERS", help=f"Of {LAYERS}; in crowds, too."),
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="ID,...", help="These identities alone.")
    ] = None,
    scale: Annotated[
        float | None, typer.Option("--scale", help="Size of the overlay; 1 is the video's.")
    ] = None,
    slow: Annotated[
        float | None, typer.Option("--slow", help="So many times slower than the video.")
    ] = None,
    crop: Annotated[
        str | None,
        typer.Option("--crop", metavar="X,Y,W,H", help="This part of the video, pixels."),
    ] = None,
    blur: Annotated[
        str | None,
        typer.Option("--blur", metavar="WHAT", help="Hide faces, heads or people of those found."),
    ] = None,
    cutouts: Annotated[
        bool, typer.Option("--cutouts", help="Also a clip of each identity: cutouts/NAME/ID.mp4.")
    ] = False,
    zones: Annotated[
        Path | None,
        typer.Option("--zones", metavar="YAML", help="Draw these lines and areas (hie zones)."),
    ] = None,
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
    The video is H.264, of the source's size and time stamps, and plays in browsers (without
    PyAV, pip install 'hie[video]', it does not). The sheet shows the frames with most going on.
    --blur hides those whom the document holds, through gaps of their tracks; it cannot hide who
    was missed, and clothes and gait stay.

    \b
    Examples:
      hie render out/action --video clips/ -o out
      hie render out/pose/crowd.json --video crowd.mp4 -o out --png --show poses
      hie render out/action/crowd.json --video crowd.mp4 --only 3,7 --crop 200,0,400,300 --slow 4
      hie render out/action --video clips/ -o given-away --blur heads --show boxes
    """
    from hie_cli.cli.runner import Session
    from hie_cli.rendering.settings import render_options

    session = Session(output, preset, config, sets, "cpu", overwrite, False, json)
    chosen = render_options(
        None if show is None else [part.strip() for part in show.split(",")],
        None if only is None else numbers("--only", only, "identities such as 3,7"),
        scale,
        slow,
        None if crop is None else numbers("--crop", crop, "X,Y,W,H in pixels, as 0,0,640,480"),
        blur,
        cutouts or None,
        zones,
    )
    session.choose("render", chosen)
    session.run_documents(documents, video or [], "render", png=png)


def numbers(option: str, text: str, wanted: str) -> list[int]:
    """Integers separated by commas. Raises ConfigError naming the option and what is ``wanted``."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(f"{option} {text}: expected {wanted}") from None
