"""``hie summarize``."""

from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import FIND, command
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.errors import ConfigError


@command("summarize", FIND)
def summarize(
    videos: options.Videos,
    output: options.Output = Path("out/summary"),
    share: Annotated[
        float, typer.Option("--share", metavar="S", help="Of each video that is kept.")
    ] = 0.15,
    method: Annotated[
        str,
        typer.Option(
            "--method", metavar="NAME", help="crowd (default), ctvsum, or a trained folder."
        ),
    ] = "crowd",
    documents: Annotated[
        list[str] | None,
        typer.Option("--documents", metavar="DOC", help="Track or action documents, by name."),
    ] = None,
    rate: Annotated[
        float, typer.Option("--rate", metavar="R", help="Frames a second that are looked at.")
    ] = 2.0,
    longest: Annotated[
        float, typer.Option("--longest", metavar="S", help="Seconds of a shot at most.")
    ] = 3.0,
    model: options.Backbone = "mobilenet-v2",
    purpose: Annotated[
        str | None,
        typer.Option("--for", metavar="annotation", help="Frames that are best labelled next."),
    ] = None,
    count: Annotated[
        int, typer.Option("-k", metavar="N", help="How many, of all videos together.")
    ] = 50,
    to: Annotated[
        str, typer.Option("--to", help="Layout of their drafts: coco, hieve-xml or hieve-json.")
    ] = "coco",
    workers: options.Workers = None,
    engine: options.Engine = "local",
    address: options.Address = None,
    device: options.Device = "auto",
    resume: options.Resume = False,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """The most telling seconds of videos: a short video, key frames, a timeline, and why.

    Of each video DIR/NAME/ holds summary.mp4, key-frames/, timeline.png and summary.json. With the
    documents of `hie run` fights, falls and runs count; without, people are detected in samples.

    \b
    Examples:
      hie summarize lobby.mp4 -o out/summary
      hie summarize clips/ --documents out/action --share 0.05 --workers 2
      hie summarize clips/ --for annotation -k 100 --to hieve-xml -o out/to-label
    """
    if purpose not in (None, "annotation"):
        raise ConfigError(f"--for {purpose}: expected annotation")
    if purpose is not None and (workers, engine, address) != (None, "local", None):
        raise ConfigError("--for annotation chooses among all videos in one process; no --workers")
    if purpose is not None:
        chosen = hie_cli.choose_for_annotation(
            videos, output=output, count=count, to=to, documents=documents or (), rate=rate,
            model=model, device=device, resume=resume, overwrite=overwrite,
        )  # fmt: skip
        failed = chosen.failed
        if json:
            show_json(chosen.record())
        else:
            for frame in chosen.frames:
                show(f"{frame.video}  {frame.index:6d}  {', '.join(frame.why)}")
            show(f"{len(chosen.frames)} frames: {chosen.folder}")
    else:
        done = hie_cli.summarize(
            videos, output=output, method=method, share=share, documents=documents or (),
            rate=rate, longest=longest, model=model, device=device, resume=resume,
            overwrite=overwrite, workers=workers, engine=engine, address=address,
        )  # fmt: skip
        failed = done.failed
        if json:
            made = [{**one.record(), "files": [str(f) for f in one.files]} for one in done.made]
            show_json({"videos": made, "failed": [vars(one) for one in failed]})
        else:
            for one in done.made:
                show(f"{one.name}: {one.seconds:.1f} of {one.num_frames / one.fps:.1f} s")
                for shot in one.chosen:
                    times = f"{shot.first / one.fps:8.1f} {(shot.last + 1) / one.fps:8.1f}"
                    show(f"  {times}  {shot.score:.2f}  {'; '.join(shot.why)}".rstrip())
            show(f"{len(done.made)} summaries: {done.folder}")
    if failed:
        raise typer.Exit(1)
