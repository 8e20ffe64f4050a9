"""``hie train detect``."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LEARN, command
from hie_cli.cli.train_output import show_network


@command("train detect", LEARN)
def detect(
    data: options.LabelledPictures,
    start: options.StartNetwork = None,
    teacher: Annotated[
        str | None, typer.Option("--teacher", metavar="NAME", help="Learn from this detector too.")
    ] = None,
    output: options.Output = Path("out/detector"),
    config: options.Config = None,
    sets: options.Set = None,
    device: options.Device = "auto",
    overwrite: options.Overwrite = False,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Train a detector on your own data; its folder is then a model for `hie detect --model`.

    NanoDet, from the packaged weights; --set network= nanodet-half (from slices of them),
    movenet-multipose (with poses), fasterrcnn-r50 or keypointrcnn-r50 (from --start). Writes
    weights.safetensors, card.json with its calibration, log.csv, curves.png and last.pt.

    \b
    Examples:
      hie train detect data.yaml -o out/detector
      hie train detect data.yaml --set network=nanodet-half --teacher nanodet -o out/half
      torchrun --nproc-per-node 2 -m hie_cli train detect data.yaml -o out/detector
      hie detect crowd.mp4 --model out/detector -o new
    """
    done = hie_cli.train_detect(
        data, start=start, teacher=teacher, output=output, config=config, set=sets, device=device,
        resume=resume, overwrite=overwrite,
    )  # fmt: skip
    show_network(done, f"hie detect VIDEO --model {shlex.quote(str(done.folder))} -o new", json)
