"""``hie train``."""

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from hie_cli.cli import options
from hie_cli.cli.train_fusion_cmd import fusion

app = typer.Typer(name="train", no_args_is_help=True, help="Train a model.", rich_markup_mode=None)


@app.callback()
def train() -> None:
    """Train a model on your own data, or on simulated crowds."""


@app.command()
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
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on after the last finished epoch.")
    ] = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
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
    from hie_cli.training.action.train_action import Data, run

    chosen = Data(data or [], truth, video or [], val or [], simulate)
    done = run(
        chosen, start, distill, output, config or [], sets or [], device, resume, overwrite, quiet
    )
    print(json_module.dumps(done))


app.command()(fusion)
