"""The documents of a video's segments, and how they become the video's own documents.

They lie in ``DIR/.segments/NAME/KEY/FIRST-END`` until the video is finished; KEY tells of which
input with which settings, so that no others are taken for them.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain, takewhile
from typing import Any

from hie_cli.core.errors import HieError, InputError
from hie_cli.core.types import FramePeople
from hie_cli.formats.documents.document import Document
from hie_cli.formats.documents.writer import DocumentWriter
from hie_cli.formats.files import atomic_write, write_error
from hie_cli.pipeline.output import OutputDir
from hie_cli.pipeline.segment_plan import Segment, Split

_TOLD = "segment.json"


def place(output: OutputDir, split: Split, segment: Segment) -> OutputDir:
    """Where the documents of a segment go; they are always gone on with."""
    end = "end" if segment.end is None else str(segment.end)
    folder = output.segments(split.video.name) / split.key
    return OutputDir(folder / f"{segment.first}-{end}", resume=True)


def write_told(part: OutputDir, record: dict[str, Any]) -> None:
    """Keep what was counted of a segment that is finished. Raises ConfigError."""
    path = part.folder / _TOLD
    try:
        with atomic_write(path) as file:
            file.write(json.dumps(record) + "\n")
    except OSError as error:
        raise write_error(path, error) from None


def read_told(part: OutputDir) -> dict[str, Any] | None:
    """What was counted of a segment; None if it is not finished."""
    try:
        held = json.loads((part.folder / _TOLD).read_text(encoding="utf-8"))
        numbers = [held["seconds"], held["network_seconds"], *held["stage_seconds"].values()]
    except (OSError, ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return None
    return held if all(isinstance(number, int | float) for number in numbers) else None


def join(output: OutputDir, split: Split) -> OutputDir:
    """Write a video's documents as far as its segments from the first on are finished.

    A document whose segments are all there is published; another is left to be resumed. Gives
    ``output`` such that these documents are gone on with; as it was if they cannot be written or
    read.
    """
    parts = [(place(output, split, each), each) for each in split.segments]
    there = list(takewhile(lambda part: read_told(part[0]) is not None, parts))
    try:
        for stage in split.stages if there else ():
            _join_stage(output, stage, split, there)
    except HieError:
        return output  # the video's own run meets the same hindrance, and says so
    return replace(output, joined=split.stages) if there else output


def _join_stage(
    output: OutputDir, stage: str, split: Split, there: Sequence[tuple[OutputDir, Segment]]
) -> None:
    name, frames = split.video.name, split.frames
    documents = [(Document(part.document(stage, name)), segment) for part, segment in there]
    first = documents[0][0].header
    if first is None:
        raise InputError(f"{documents[0][0].label}: has lost its header")
    header = replace(first, frames=(frames.first, frames.end, frames.stride))
    writer = DocumentWriter(output.document(stage, name), header, output.resume)
    try:
        last = writer.done[-1].index if writer.done else -1
        for item in chain.from_iterable(_frames(*each) for each in documents):
            if item.index > last and not writer.finished:
                writer.write(item)
        if len(there) == len(split.segments) and not writer.finished:
            writer.publish()
    finally:
        writer.close()


def _frames(document: Document, segment: Segment) -> Iterator[FramePeople]:
    """The frames of a segment's document that are its own, not its surroundings."""
    for item in document:
        if item.index >= segment.first and (segment.end is None or item.index < segment.end):
            yield item


def totals(output: OutputDir, split: Split, record: dict[str, Any]) -> dict[str, Any]:
    """What a video's ``record`` says of its own run, with what its segments took added.

    The seconds of all workers are added up.
    """
    told = [read_told(place(output, split, each)) for each in split.segments]
    found = [each for each in told if each is not None]
    if "seconds" not in record or not found:
        return record
    every = [record, *found]
    stages = dict.fromkeys(stage for each in every for stage in each.get("stage_seconds", {}))
    seconds = sum(each.get("seconds", 0.0) for each in every)
    memory = [each["peak_memory_mb"] for each in every if each.get("peak_memory_mb") is not None]
    return record | {
        "segments": len(split.segments),
        "seconds": round(seconds, 3),
        "frames_per_second": round(record["frames"] / seconds, 3) if seconds else 0.0,
        "stage_seconds": {
            stage: round(sum(each.get("stage_seconds", {}).get(stage, 0.0) for each in every), 2)
            for stage in stages
        },
        "network_seconds": round(sum(each.get("network_seconds", 0.0) for each in every), 4),
        "peak_memory_mb": max(memory) if memory else None,
    }


def forget(output: OutputDir, name: str, but: str | None = None) -> None:
    """Remove the segments of a video; ``but``: those of this key stay."""
    try:
        folder = output.segments(name)
        left = [path for path in folder.iterdir() if path.name != but]
    except (OSError, InputError):
        return
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):  # where some are left
        folder.rmdir()
        folder.parent.rmdir()


def begun(output: OutputDir) -> list[str]:
    """The videos of which there are segments, in order."""
    return sorted(path.name for path in (output.folder / ".segments").glob("[!.]*"))
