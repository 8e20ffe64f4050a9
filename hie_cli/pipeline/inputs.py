"""What a caller may give as videos, as sources of frames."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import Image
from hie_cli.video.cuts import find_pieces
from hie_cli.video.frame_range import ALL_FRAMES, FrameRange
from hie_cli.video.images import IMAGE_ENDINGS
from hie_cli.video.live import LiveSource
from hie_cli.video.memory import ImageFiles, MemorySource
from hie_cli.video.sources import VideoSource
from hie_cli.video.video_files import find_videos, video_name

Source = VideoSource | MemorySource | LiveSource
# Paths, folders or patterns; image files of one video; or its pictures (H, W, 3) uint8 BGR.
Videos = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Iterable[Image]

# Paths, folders or patterns: one, or several.
Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def path_texts(paths: Paths) -> list[str]:
    """One path or several, as texts."""
    one = isinstance(paths, str | os.PathLike)
    return [str(path) for path in ([paths] if one else paths)]  # type: ignore[union-attr] # told apart


@dataclass(frozen=True)
class VideoInput:
    """One video to come: its name, and how it is opened (which raises InputError if it cannot)."""

    name: str
    open: Callable[[], Source]


def video_inputs(
    videos: Videos,
    frames: FrameRange = ALL_FRAMES,
    fps: float | None = None,
    name: str | None = None,
    stills: bool = False,
) -> list[VideoInput]:
    """The videos that ``videos`` stands for, in order, none of them opened yet.

    A path, folder or pattern, or several; a list of image files is one video, ``name`` that of
    their folder unless given; anything else is gone over as pictures of one video.
    Raises ConfigError and InputError as ``find_videos`` does.
    """
    paths = _paths(videos)
    if paths is None:
        title = name or "video"
        return [VideoInput(title, lambda: MemorySource(videos, fps, title, frames))]  # type: ignore[arg-type] # not paths
    images = [Path(p) for p in paths if Path(p).suffix.lower() in IMAGE_ENDINGS]
    single = isinstance(videos, str | os.PathLike)
    if images and not (single or stills):
        if len(images) < len(paths):
            raise ConfigError("a list of images and videos; give one kind")
        title = name or images[0].resolve().parent.name
        return [VideoInput(title, lambda: MemorySource(ImageFiles(images), fps, title, frames))]
    return [video_file(path, frames, fps) for path in find_videos(paths, stills)]


def video_file(
    path: Path, frames: FrameRange, fps: float | None, name: str | None = None
) -> VideoInput:
    """A video file, image or folder of images; ``name``: in documents, if not the file's."""
    title = video_name(path) if name is None else name
    return VideoInput(title, lambda: VideoSource(path, frames, fps, title))


def cut_inputs(
    cuts: str | os.PathLike[str], videos: Videos = (), fps: float | None = None
) -> list[VideoInput]:
    """The pieces of a cut list as inputs of their own; see ``video.cuts.find_pieces``.

    videos: paths; () where the list itself holds them.
    """
    if isinstance(videos, list | tuple) and not videos:
        paths: list[str] | None = []
    else:
        paths = _paths(videos)
    if paths is None:
        raise ConfigError("cuts are pieces of files; give videos as paths")
    pieces = find_pieces(Path(cuts), find_videos(paths) if paths else [])
    return [video_file(piece.path, piece.frames, fps, piece.name) for piece in pieces]


def check_cut_options(frames: FrameRange, stills: bool) -> None:
    """Raise ConfigError for what makes no sense beside a cut list."""
    if frames != ALL_FRAMES or stills:
        raise ConfigError("--cuts says which frames; leave --frames, --begin, --end, --stills out")


def _paths(videos: Any) -> list[str] | None:
    """``videos`` as paths; None if they are pictures. Raises ConfigError for an empty list."""
    if isinstance(videos, str | os.PathLike):
        return [os.fspath(videos)]
    if isinstance(videos, list | tuple):
        if not videos:
            raise ConfigError("an empty list; give at least one video or image")
        if all(isinstance(v, str | os.PathLike) for v in videos):
            return [os.fspath(v) for v in videos]
    elif isinstance(videos, np.ndarray) and videos.ndim != 4:
        raise ConfigError(
            f"an array of shape {videos.shape}; expected (T, H, W, 3), or give one image to detect"
        )
    return None
