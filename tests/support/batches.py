"""Videos through ``run_videos`` by the words of a test, and the documents that came of it."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.pipeline.video_batch import Batch, run_videos
from hie_cli.pipeline.video_selection import Selection

CHOICES = {field.name for field in fields(Selection)}


def run_on_cpu(
    videos: Sequence[object], output: OutputDir, until: str, config: ChainConfig | None = None,
    **given: Any,
) -> list[dict[str, Any]]:  # fmt: skip
    """The records of ``videos``; given: fields of ``Selection`` and of ``Batch``."""
    chosen = {name: value for name, value in given.items() if name in CHOICES}
    rest = {name: value for name, value in given.items() if name not in CHOICES}
    selection = Selection([str(video) for video in videos], **chosen)
    return run_videos(selection, output, config or ChainConfig(), "cpu", until, Batch(**rest))


def files(out: Path) -> dict[str, bytes]:
    """The stage documents of an output folder: their bytes by ``STAGE/NAME.json``."""
    paths = [path for path in out.glob("*/*.json") if path.parent.name != "runs"]
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(paths)}
