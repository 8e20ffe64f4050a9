"""``hie models benchmark`` and ``calibrate``: how fast a model is, and what its scores mean."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import SET_UP, command
from hie_cli.cli.model_rows import Name, model_row
from hie_cli.cli.terminal import show, show_json

if TYPE_CHECKING:
    from hie_cli.models.runtime import Precision


@command("models benchmark", SET_UP)
def benchmark(
    name: Name,
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", help="Runs that are timed.")] = 20,
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", help="CPU threads. Default: all.")
    ] = None,
    device: options.Device = "auto",
    precision: options.Precision = None,
    json: options.Json = False,
) -> None:
    """Measure a model's speed on this machine; `hie models list` shows it from then on.

    Of a detector the time for the packaged test picture at its own size, of pose and appearance
    models the time for a person, seven at once; in the numbers that `hie run` would use here.

    \b
    Examples:
      hie models benchmark nanodet
      hie models benchmark rtmpose-m --threads 1 --json
    """
    found = hie_cli.benchmark_model(
        name, rounds=rounds, device=device, threads=threads,
        precision=cast("Precision", precision or "auto"),
    )  # fmt: skip
    if json:
        show_json(dataclasses.asdict(found))
        return
    show(
        f"{name}: {found.text} (median of {found.rounds}, least {1000 * found.least:.1f} ms; "
        f"{found.device}, {found.precision}, {found.threads} threads, {found.cpu})"
    )


@command("models calibrate", SET_UP)
def calibrate(
    name: Name,
    truth: Annotated[
        Path, typer.Option("--truth", metavar="GT", help="Ground truth: file, folder or zip.")
    ],
    video: Annotated[
        list[str], typer.Option("--video", metavar="VIDEO", help="Its videos; repeatable.")
    ],
    frames: Annotated[
        int, typer.Option("--frames", metavar="N", help="Labelled frames of each video.")
    ] = 60,
    sizes: Annotated[
        bool,
        typer.Option("--sizes", help="Let the detect stage choose its sizes within the budget."),
    ] = False,
    device: options.Device = "auto",
    json: options.Json = False,
) -> None:
    """Fit what an imported model's scores mean to labelled videos, and store it with the model.

    Of a detector: scores, recall by height, the size that suits it; of whatever sees poses: joint
    scores. With several videos, the fit leaves what was known so far only as far as videos left out
    confirm, and their log losses are shown beside those of the raw scores.

    \b
    Examples:
      hie models calibrate rtmdet-nano --truth gt.txt --video street.mp4
    """
    done = hie_cli.calibrate_model(name, truth, video, frames=frames, sizes=sizes, device=device)
    if json:
        told = {"frames": done.frames, "losses": dict(done.losses)}
        precision = {str(side or "own"): value for side, value in done.precision.items()}
        show_json(model_row(done.spec) | told | {"precision": precision})
        return
    show(f"calibrated {name} on {done.frames} frames with {done.people} people")
    for kind, (left_out, raw) in done.losses.items():
        if left_out is not None:
            show(f"{kind}: log loss {left_out:.3f} on videos left out, raw {raw:.3f}")
    for side, value in done.precision.items():
        show(f"AP50 {value:.3f} at {side or 'its own size'}")
