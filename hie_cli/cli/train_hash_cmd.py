"""``hie train hash``."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import LEARN, command
from hie_cli.cli.terminal import show, show_json


@command("train hash", LEARN)
def hash_head(
    data: Annotated[
        list[str],
        typer.Argument(metavar="DATA...", help="Folders with one sub-folder a class."),
    ],
    video: Annotated[
        list[str] | None,
        typer.Option("--video", metavar="VIDEO", help="Videos of which a cuts.json names pieces."),
    ] = None,
    model: options.Backbone = "mobilenet-v2",
    output: options.Output = Path("out/hash"),
    config: options.Config = None,
    sets: options.Set = None,
    device: options.Device = "auto",
    overwrite: options.Overwrite = False,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Learn binary codes of images or clips by class; `hie mine index --encoder` uses them.

    DATA holds a folder a class, of images or of videos; a folder "fight+fall" belongs to both; one
    with a cuts.json, as `hie mine search` writes it, holds those pieces of the videos --video.
    Central similarity quantisation (arXiv 1908.00347); --set loss=dpsh, hashnet or dtsh to compare.

    \b
    Examples:
      hie train hash events/ -o out/hash
      hie train hash out/found --video footage/ -o out/hash
      hie train hash photos/ --set bits=32 -o out/hash32
      hie mine index pool/ -o out/index --encoder out/hash
    """
    done = hie_cli.train_hash(
        data, video=video or (), model=model, output=output, config=config, set=sets, device=device,
        resume=resume, overwrite=overwrite,
    )  # fmt: skip
    if json:
        show_json({"folder": str(done.folder), "classes": done.classes, **done.numbers})
    else:
        show("\n".join(f"{name:<15} {value}" for name, value in done.numbers.items()))
        show(f"next: hie mine index POOL... -o out/index --encoder {done.folder}")
