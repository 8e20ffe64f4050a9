"""``hie train action``."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LEARN, command
from hie_cli.cli.terminal import show, show_json


@command("train action", LEARN)
def action(
    data: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DATA]...", help="Stage documents with poses and ids, or truth."),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option("--truth", metavar="PATH", help="Ground truth with the documents' actions."),
    ] = None,
    video: options.VideoOf = None,
    val: Annotated[
        list[str] | None,
        typer.Option("--val", metavar="NAME", help="Video to validate on, or pattern; repeatable."),
    ] = None,
    simulate: Annotated[
        int, typer.Option("--simulate", metavar="N", min=0, help="Also N simulated crowds.")
    ] = 0,
    start: Annotated[
        str | None,
        typer.Option("--start", metavar="MODEL", help="A model, or public SlowFast weights."),
    ] = None,
    distill: Annotated[
        str | None,
        typer.Option("--distill", metavar="HOW", help="Tf-KD: reg, or self:FOLDER."),
    ] = None,
    output: options.Output = Path("out/action-model"),
    config: options.Config = None,
    sets: options.Set = None,
    device: options.Device = "auto",
    overwrite: options.Overwrite = False,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Train a recogniser of the 14 actions; its folder is then a model for `hie action --model`.

    Writes log.csv, curves.png, model.safetensors, card.json and last.pt (for --resume).
    Networks: --set model=pose-stream (default), parallel, slowfast-r18 or slowfast-r50; all but
    the first look at pixels and need --video.

    \b
    Examples:
      hie train action --simulate 300 -o out/pose-stream
      hie train action out/track --truth labels/ --val 18 --val 19 --start pose-stream-sim
      hie train action HIE20/labels --val 19 --distill reg -o out/hieve
      hie train action out/track --truth labels/ --video clips/ --val 19 --set model=slowfast-r18
    """
    done = hie_cli.train_action(
        data or [], truth=truth, video=video or [], val=val or [], simulate=simulate, start=start,
        distill=distill, output=output, config=config, set=sets, device=device, resume=resume,
        overwrite=overwrite,
    )  # fmt: skip
    numbers = {"folder": str(done.folder), **done.numbers}
    if json:
        show_json(numbers)
    else:
        show("\n".join(f"{name:<15} {value}" for name, value in numbers.items()))
