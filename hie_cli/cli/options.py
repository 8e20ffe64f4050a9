"""Options shared by the commands: one name, one meaning everywhere."""

from pathlib import Path
from typing import Annotated

import typer

Videos = Annotated[
    list[str],
    typer.Argument(metavar="VIDEO...", help="Video files, folders of images or of videos, globs."),
]
Documents = Annotated[
    list[str],
    typer.Argument(metavar="DOC...", help="Stage documents (NAME.json), folders of them, globs."),
]
VideoOf = Annotated[
    list[str] | None,
    typer.Option("--video", metavar="VIDEO", help="The documents' videos, matched by name."),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of results (made if missing).")
]
Preset = Annotated[
    str | None,
    typer.Option("--preset", metavar="NAME", help="fast, balanced (default) or accurate."),
]
Config = Annotated[
    list[Path] | None,
    typer.Option("--config", "-c", metavar="YAML", help="Settings over the preset's; repeatable."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="One setting, such as pose.batch=8."),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
Frames = Annotated[
    str,
    typer.Option("--frames", metavar="A:B:S", help="Frames A <= t < B, every S-th. Default: all."),
]
Model = Annotated[
    list[str] | None,
    typer.Option("--model", "-m", metavar="NAME", help="See `hie models list`; repeatable."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing results.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Keep finished results and continue interrupted ones.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes.")]
Json = Annotated[bool, typer.Option("--json", help="A JSON summary on stdout.")]
