"""``hie train action``."""

import shlex
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
    truth: options.LabelledActions = None,
    video: options.VideoOf = None,
    val: options.Validation = None,
    simulate: Annotated[
        int, typer.Option("--simulate", metavar="N", min=0, help="Also N simulated crowds.")
    ] = 0,
    cuts: Annotated[
        Path | None,
        typer.Option("--cuts", metavar="FILE", help="Only labels inside a list of `hie mine`."),
    ] = None,
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
        data or [], truth=truth, video=video or [], val=val or [], simulate=simulate, cuts=cuts,
        start=start, distill=distill, output=output, config=config, set=sets, device=device,
        resume=resume, overwrite=overwrite,
    )  # fmt: skip
    from hie_cli.training.engine import distributed

    if distributed.rank():  # the first process speaks
        return
    if json:
        told = {"selected_by": done.selected_by, "epochs": done.epochs, "data": done.data}
        show_json({"folder": str(done.folder), **done.numbers, **told})
        return
    best, model = int(done.numbers["best_epoch"]), shlex.quote(str(done.folder))
    show(f"model: {done.folder}, trained on {done.data}")
    show(f"epoch {best} of {done.epochs} (from 0), the best by {done.selected_by} on validation:")
    for name, value in done.numbers.items():
        if name != "best_epoch":
            show(f"  {name:<15} {value}")
    show("\nNext:")
    if best == done.epochs - 1:
        show("- The last epoch was the best: more may help (--resume with --set epochs=...).")
    show(f"- Look at {done.folder / 'curves.png'}: does validation still rise, or fall again?")
    show(f"- Use it: hie action out/track --model {model} -o new")
    show("- Measure it on videos that it has not seen: hie eval new/action --truth ... --track 4")
