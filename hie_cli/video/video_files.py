"""Which videos paths, folders and patterns stand for, and what each is called."""

import glob
from collections.abc import Sequence
from pathlib import Path

from hie_cli.core.errors import ConfigError, input_error
from hie_cli.core.progress import note
from hie_cli.video.addresses import refuse_address
from hie_cli.video.containers import VIDEO_ENDINGS
from hie_cli.video.images import files_inside, images_inside


def find_videos(patterns: Sequence[str], stills: bool = False) -> list[Path]:
    """Video files and image folders named by paths, folders of videos or glob patterns, in order.

    stills: each image of a folder is a source of its own, instead of the frames of one video.
    Raises InputError for a glob that matches nothing, ConfigError for an address and where two
    share a name (their results would overwrite each other).
    """
    found: list[Path] = []
    for pattern in patterns:
        refuse_address(str(pattern))
        path = Path(pattern)
        matches = [path] if path.exists() else [Path(p) for p in sorted(glob.glob(pattern))]
        if not matches and set(pattern) & set("*?["):
            raise input_error(pattern, "no video matches this pattern", "check the path")
        matches = matches or [path]  # a missing file fails on its own, beside those that are there
        for match in matches:
            found += _inside(match, stills) if match.is_dir() else [match]
    names: dict[str, Path] = {}
    for path in found:
        other = names.setdefault(video_name(path), path)
        if other is not path and other.resolve() != path.resolve():
            raise ConfigError(
                f"{other} and {path} share the name {video_name(path)!r}; rename one or run apart"
            )
    return list(names.values())


def _inside(folder: Path, stills: bool) -> list[Path]:
    """What a folder stands for: its images one by one, its videos, or itself as one video."""
    images = images_inside(folder)
    if stills:
        if not images:
            raise input_error(folder, "holds no images", "give a folder of images to --stills")
        return images
    videos = files_inside(folder, VIDEO_ENDINGS)
    if videos and images:
        note(
            f"{folder}: holds {len(videos)} videos and {len(images)} images; the videos are used "
            "(--stills takes the images)"
        )
    return videos or [folder]


def video_name(path: Path) -> str:
    """NAME of a video: its file name without ending; of a MOT ``NAME/img1`` folder, NAME."""
    if not path.is_dir():
        return path.stem
    resolved = path.resolve()
    return resolved.parent.name if resolved.name == "img1" else resolved.name
