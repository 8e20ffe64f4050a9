"""Stage documents and the videos they belong to."""

import glob
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hie_cli.core.errors import ConfigError, InputError, input_error
from hie_cli.core.types import FramePeople, FrameStream, People, VideoInfo
from hie_cli.formats.documents.document import Document
from hie_cli.video.cuts import piece_name
from hie_cli.video.frame_range import FrameRange
from hie_cli.video.sources import VideoSource
from hie_cli.video.video_files import video_name


def find_documents(patterns: Sequence[str]) -> list[Path]:
    """Documents named by paths, folders or glob patterns, in order.

    Raises InputError for a pattern that matches nothing, ConfigError where two share a name.
    """
    found: list[Path] = []
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir():
            if not os.access(path, os.R_OK | os.X_OK):  # glob would find nothing in it
                raise input_error(path, "Permission denied", "give a folder that can be read")
            inside = sorted(path.glob("[!.]*.json"))
            if not inside:
                raise input_error(path, "holds no NAME.json", "give a folder of stage documents")
            found += inside
            continue
        matches = [path] if path.exists() else [Path(p) for p in sorted(glob.glob(pattern))]
        if not matches:
            raise input_error(pattern, "no such document, folder or pattern", "check the path")
        found += matches
    names: dict[str, Path] = {}
    for path in found:
        other = names.setdefault(path.stem, path)
        if other is not path and os.path.realpath(other) != os.path.realpath(path):
            raise ConfigError(
                f"{other} and {path} share the name {path.stem!r}; give documents of one stage"
            )
    return list(names.values())


def document_name(document: Document) -> str:
    """NAME of the video that a document is of."""
    return Path(document.label).stem if document.header is None else document.header.video.name


def match_video(document: Document, videos: Sequence[Path]) -> Path:
    """The video of a document, by name, or that a document NAME-FIRST-END is a piece of.

    Raises InputError if none of ``videos`` is.
    """
    name = document_name(document)
    for path in videos:
        if video_name(path) == name:
            return path
    if document.header is not None:
        first, end, _ = document.header.frames
        for path in videos:
            if piece_name(video_name(path), first, end) == name:
                return path
    if not videos:
        raise ConfigError(f"{document.label}: needs its video; give it with --video")
    names = ", ".join(video_name(path) for path in videos[:5])
    raise InputError(
        f"{document.label}: is of video {name!r}, but --video names {names}; give that video"
    )


def open_video(document: Document, path: Path, fps: float | None) -> VideoSource:
    """The video of a document, opened on the frames that the document covers.

    Raises InputError if its size or number of frames is not the document's.
    """
    if document.header is None:
        return VideoSource(path, fps=fps)
    said, (first, end, stride) = document.header.video, document.header.frames
    source = VideoSource(path, FrameRange(first, end, stride), said.fps if fps is None else fps)
    held = source.info
    if (held.width, held.height) != (said.width, said.height):
        raise InputError(
            f"{document.label}: is of a {said.width}x{said.height} video, {path} is "
            f"{held.width}x{held.height}; give the video it was made from"
        )
    if held.num_frames != said.num_frames:
        raise InputError(
            f"{document.label}: is of a video of {said.num_frames} frames, {path} has "
            f"{held.num_frames}; give the video it was made from"
        )
    return source


def video_info(document: Document, source: VideoSource | None) -> VideoInfo:
    """What is known of a document's video: its header's word, else the video's own."""
    if document.header is not None:
        return document.header.video
    if source is None:
        raise ConfigError(f"{document.label}: says nothing of its video; give it with --video")
    return source.info


def attach(document: Document, source: VideoSource) -> FrameStream:
    """The frames of ``source`` with the people of ``document``, in step.

    A document without a header may skip frames (nobody is there); any other must hold each frame.
    Raises InputError where the two part.
    """
    items = iter(document)
    item = next(items, None)
    for frame in source:
        if item is not None and item.index == frame.index:
            yield replace(item, image=frame.image)
            item = next(items, None)
        elif document.header is None and (item is None or item.index > frame.index):
            yield FramePeople(frame.index, People.empty(), frame.image)
        else:
            held = "ends" if item is None else f"goes on with frame {item.index}"
            raise InputError(
                f"{document.label}: frame {frame.index} is missing (the document {held}); "
                "write it anew from this video"
            )
    if item is not None:
        raise InputError(
            f"{document.label}: frame {item.index} lies past the end of {source.path}; "
            "give the video it was made from"
        )
