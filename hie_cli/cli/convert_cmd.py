"""``hie convert``."""

import re
from pathlib import Path
from typing import Annotated

import typer

import hie_cli
from hie_cli.cli import options
from hie_cli.cli.commands import SCORE, command
from hie_cli.cli.terminal import show, show_json
from hie_cli.core.errors import ConfigError

Sources = Annotated[
    list[Path],
    typer.Argument(metavar="SRC...", help="Files, folders or zips of any layout below."),
]
To = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="LAYOUT",
        help="Layout to write.",
        autocompletion=options.beginning(options.layout_names),
    ),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="LAYOUT", help="Layout to read. Default: by content."),
]
Kind = Annotated[
    bool | None,
    typer.Option("--truth/--results", help="What the sources hold. Default: by content."),
]
Size = Annotated[
    str | None,
    typer.Option("--size", metavar="WxH", help="Image size where the source does not say."),
]
Fps = Annotated[
    float | None,
    typer.Option("--fps", help="Frame rate where the source does not say; AVA stamps in seconds."),
]
Images = Annotated[
    Path | None,
    typer.Option("--images", metavar="FILE", help="COCO file that a COCO list of results is for."),
]


@command("convert", SCORE)
def convert(
    sources: Sources,
    to: To,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="Folder, or one file.")
    ],
    layout: From = None,
    truth: Kind = None,
    size: Size = None,
    fps: Fps = None,
    images: Images = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Convert ground truth and results between layouts; says what the target cannot hold.

    \b
    Layouts written: document annolist track1 mot hieve-xml hieve-json coco coco17 crowdpose
    posetrack17 posetrack18 ava csv parquet. Read: all of these, and coco-results.
    Written for other programs, and not read: keypoints-long keypoints-wide (csv), openpose (a JSON
    a frame), yolo yolo-pose (a text a frame), people (a parquet data set of many videos)

    \b
    Examples:
      hie convert out/track --to mot -o mot/
      hie convert HIE20/labels --to coco -o coco/
      hie convert MOT16-04/gt/gt.txt --to track1 -o 4.txt
      hie convert out/action --to csv -o people.csv
      hie convert out/pose --to keypoints-long -o joints.csv
    """
    from hie_cli.core.progress import note

    done = hie_cli.convert(
        sources,
        output,
        to=to,
        layout=layout,
        kind=None if truth is None else "truth" if truth else "results",
        size=parse_size(size),
        fps=fps,
        images=images,
        overwrite=overwrite,
    )
    files, lost = done.files, done.lost
    for what, count in sorted(lost.items()):
        once = what in ("image size", "frame rate")  # said once per sequence
        note(
            f"{to} cannot hold: {what} of {count} sequences"
            if once
            else f"{to} cannot hold: {count} {what}"
        )
    if json:
        show_json({"files": [str(f) for f in files], "lost": dict(lost)})
    else:
        for file in files if len(files) <= 40 else files[:1]:
            show(str(file))
        if len(files) > 40:
            show(f"... and {len(files) - 1} more files")


def parse_size(text: str | None) -> tuple[int, int] | None:
    """``1920x1080`` as (width, height). Raises ConfigError for anything else."""
    if text is None:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,5})[xX]([1-9][0-9]{0,5})", text.strip())
    if match is None:
        raise ConfigError(f"--size {text}: expected WIDTHxHEIGHT, for example 1920x1080")
    return int(match[1]), int(match[2])
