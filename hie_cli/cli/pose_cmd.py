"""``hie pose``."""

from pathlib import Path
from typing import Annotated

import typer

from hie_cli.cli import options
from hie_cli.cli.commands import CHAIN, command


@command("pose", CHAIN)
def pose(
    documents: options.Documents,
    video: options.VideoOf = None,
    output: options.Output = Path("out"),
    model: options.Model = None,
    refine: Annotated[
        str | None,
        typer.Option("--refine", help="flow (default), one-euro, savgol or none."),
    ] = None,
    preset: options.Preset = None,
    config: options.Config = None,
    sets: options.Set = None,
    device: options.Device = "auto",
    precision: options.Precision = None,
    overwrite: options.Overwrite = False,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Estimate the 14 joints of every detected person, to DIR/pose/NAME.json.

    \b
    Examples:
      hie pose out/detect/crowd.json --video crowd.mp4 -o out
      hie pose out/detect --video clips/ -o out --model movenet-thunder
    """
    from hie_cli.cli.runner import Session

    session = Session(output, preset, config, sets, device, overwrite, resume, json)
    session.choose_precision(precision)
    session.choose_models("pose", model)
    if refine is not None:
        session.choose("refine", {"method": refine})
    session.run_documents(documents, video or [], "pose")
