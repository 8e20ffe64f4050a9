"""Options shared by the commands: one name, one meaning everywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

COMMON = "Common options"
DEVICES = ("auto", "cpu", "cuda", "mps")


def _shared(*names: str, help: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=COMMON, **more)


def beginning(known: Callable[[], list[str]]) -> Callable[[str], list[str]]:
    """What a shell offers: the ``known`` names that begin with what has been typed."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in known() if name.startswith(incomplete)]

    return complete


def model_names() -> list[str]:
    """Every model's name."""
    from hie_cli.models import registry

    return registry.names()


def catalogue_names() -> list[str]:
    """The published models that can be got."""
    from hie_cli.models.catalogue import entries

    return [entry.name for entry in entries.available()]


def layout_names() -> list[str]:
    """The layouts that can be written."""
    from hie_cli.formats.writers import targets

    return list(targets())


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
    Path,
    _shared("--output", "-o", metavar="DIR", help="Folder of results (made if missing)."),
]
MANY = "Many videos"
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="At a time, in processes.", rich_help_panel=MANY),
]
Engine = Annotated[
    str,
    typer.Option("--engine", help="local, or ray (hie[ray]).", rich_help_panel=MANY),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address", metavar="HOST:PORT", help="Ray cluster, or auto.", rich_help_panel=MANY
    ),
]
OutputPlace = Annotated[
    str,
    _shared(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder of results (made if missing), or an address (s3://bucket/out).",
    ),
]
Preset = Annotated[
    str | None,
    _shared(
        "--preset",
        metavar="NAME",
        help="fast, balanced (default), accurate, best, or a YAML file.",
        autocompletion=beginning(lambda: ["fast", "balanced", "accurate", "best"]),
    ),
]
Presets = Annotated[
    list[str] | None,
    _shared("--preset", metavar="NAME", help="As of `hie run`; repeatable (fast, balanced)."),
]
Config = Annotated[
    list[Path] | None,
    _shared("--config", "-c", metavar="YAML", help="Settings over the preset's; repeatable."),
]
Set = Annotated[
    list[str] | None,
    _shared("--set", metavar="KEY=VALUE", help="One setting, such as pose.batch=8; repeatable."),
]
Device = Annotated[
    str,
    _shared(
        "--device",
        help="auto, cpu, cuda or mps.",
        autocompletion=beginning(lambda: list(DEVICES)),
    ),
]
Appearance = Annotated[
    str | None,
    _shared(
        "--appearance",
        metavar="NAME",
        help="Tell people apart by this appearance network too (hie models list).",
    ),
]
Online = Annotated[
    bool,
    _shared("--online", help="Decide each frame from the past alone, as live sources need it."),
]
Precision = Annotated[
    str | None,
    _shared(
        "--precision",
        help="fp32, int8 (CPU), fp16 (CUDA), or auto (default): int8 where a CPU gains.",
        autocompletion=beginning(lambda: ["auto", "fp32", "int8", "fp16"]),
    ),
]
Frames = Annotated[
    str,
    typer.Option("--frames", metavar="A:B:S", help="Frames A <= t < B, every S-th. Default: all."),
]
Begin = Annotated[
    str | None,
    typer.Option("--begin", metavar="MM:SS", help="Only from this time of the video on."),
]
End = Annotated[
    str | None, typer.Option("--end", metavar="MM:SS", help="Only before this time of the video.")
]
Model = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help="See `hie models list`; repeatable.",
        autocompletion=beginning(model_names),
    ),
]
# What several commands that train take.
LabelledPictures = Annotated[
    Path, typer.Argument(metavar="DATA", help="A DATA.yaml (hie data check DATA).")
]
StartNetwork = Annotated[
    str | None,
    typer.Option("--start", metavar="DIR", help="A trained folder or an imported model instead."),
]
LabelledActions = Annotated[
    Path | None,
    typer.Option("--truth", metavar="PATH", help="Ground truth with the documents' actions."),
]
Validation = Annotated[
    list[str] | None,
    typer.Option("--val", metavar="NAME", help="Video to validate on, or pattern; repeatable."),
]
Backbone = Annotated[
    str, typer.Option("--model", "-m", metavar="NAME", help="The backbone of the features.")
]
# What commands about video summaries take.
Users = Annotated[
    Path | None,
    typer.Option("--users", metavar="FILE", help="TVSum's frame scores, .mat or .tsv."),
]
Share = Annotated[
    float, typer.Option("--share", metavar="S", help="Of a video that a summary may take.")
]
Stills = Annotated[
    bool,
    typer.Option("--stills", help="Images are single pictures of any size: boxes and poses only."),
]
Overwrite = Annotated[bool, _shared("--overwrite", help="Replace existing results.")]
Resume = Annotated[
    bool, _shared("--resume", help="Keep finished results and continue interrupted ones.")
]
Json = Annotated[bool, _shared("--json", help="One JSON object on stdout.")]
# The next three belong to every command; ``commands.command`` adds them.
Quiet = Annotated[bool, _shared("--quiet", "-q", help="No progress, no notes.")]
Verbose = Annotated[
    bool, _shared("--verbose", "-v", help="A log on stderr; tracebacks with errors.")
]
Log = Annotated[
    Path | None, _shared("--log", metavar="FILE", help="Append the log to a file as well.")
]
