"""``hie simulate``."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LEARN, command
from hie_cli.cli.terminal import show, show_json


@command("simulate", LEARN)
def simulate(
    output: options.Output = Path("out"),
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many videos.")] = 1,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of the first; the others follow.")
    ] = None,
    actions: Annotated[
        list[str] | None,
        typer.Option("--action", metavar="NAME", help="Only these actions; repeatable."),
    ] = None,
    background: Annotated[
        Path | None,
        typer.Option("--background", metavar="IMAGE", help="A picture behind the crowd."),
    ] = None,
    video: Annotated[bool, typer.Option(help="Render the video (or only write the data).")] = True,
    workers: options.Workers = None,
    engine: options.Engine = "local",
    address: options.Address = None,
    config: options.Config = None,
    sets: options.Set = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Make crowd videos with exact ground truth: boxes, ids, joints, visibility and actions.

    Writes DIR/videos/NAME.mp4, DIR/labels/{all-track,track1,track2&3}/ in HiEve's layouts, and
    DIR/track/NAME.json: the noisy observations that a tracker would have made.

    \b
    Examples:
      hie simulate -o sim
      hie simulate -o sim -n 5 --set people=60 --set frames=500 --action walking-alone --workers 2
      hie simulate -o sim --background square.jpg --set split=test
    """
    made = hie_cli.simulate(
        output, count=count, seed=seed, action=actions or (), background=background, video=video,
        config=config, set=sets, overwrite=overwrite,
        workers=workers, engine=engine, address=address,
    )  # fmt: skip
    if json:
        videos = [{"name": item.name, "people": item.people, "boxes": item.boxes} for item in made]
        show_json({"videos": videos})
    else:
        for item in made:
            show(str(item.video or item.observations))
