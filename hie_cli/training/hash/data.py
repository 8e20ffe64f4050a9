"""Data to learn codes from: a folder a class, of images, videos or cuts, and their features."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import InputError, input_error
from hie_cli.core.progress import note, progress
from hie_cli.core.types import FloatArray
from hie_cli.retrieval.clips import ClipCollector, ClipSampling, filled
from hie_cli.retrieval.features import Describer, telling
from hie_cli.training.hash.learning import Labelled
from hie_cli.video.containers import VIDEO_ENDINGS
from hie_cli.video.cuts import CUTS, find_pieces
from hie_cli.video.frame_range import ALL_FRAMES, FrameRange
from hie_cli.video.images import IMAGE_ENDINGS
from hie_cli.video.sources import VideoSource

MULTI = "+"  # a folder "fight+fall" holds what belongs to both classes


@dataclass(frozen=True)
class Item:
    """An image or a clip, and the numbers of its classes; ``frames`` of a clip's video."""

    path: Path
    classes: tuple[int, ...]
    clip: bool
    frames: FrameRange = ALL_FRAMES


def find_items(
    folders: Sequence[Path], videos: Sequence[Path] = ()
) -> tuple[list[Item], list[str]]:
    """All items, and the classes' names: those of the sub-folders of ``folders``, sorted.

    A sub-folder with a cuts.json, as ``hie mine search`` writes it, holds those pieces of
    ``videos`` (``video.cuts.find_pieces``) and nothing else.
    """
    found: dict[str, list[tuple[Path, FrameRange]]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise input_error(folder, "not a folder", "give a folder with one sub-folder a class")
        for inner in sorted(p for p in folder.iterdir() if p.is_dir() and p.name[:1] != "."):
            if (inner / CUTS).exists():
                pieces = [(p.path, p.frames) for p in find_pieces(inner / CUTS, videos)]
                found.setdefault(inner.name, []).extend(pieces)
                continue
            files = sorted(p for p in inner.iterdir() if _ending(p) and p.name[:1] != ".")
            found.setdefault(inner.name, []).extend((p, ALL_FRAMES) for p in files)
    names = sorted({part for name in found for part in name.split(MULTI)})
    if len(names) < 2:
        raise input_error(folders[0], "fewer than two classes", "one sub-folder a class")
    empty = next((name for name, files in found.items() if not files), None)
    if empty is not None:
        raise input_error(folders[0] / empty, "no image or video", "fill or remove the class")
    number = {name: k for k, name in enumerate(names)}
    items = []
    for name, sources in sorted(found.items()):
        classes = tuple(number[part] for part in name.split(MULTI))
        items += [Item(path, classes, _is_clip(path), frames) for path, frames in sources]
    if len({item.clip for item in items}) > 1:
        raise input_error(folders[0], "images and videos together", "train on one kind")
    return items, names


def _is_clip(path: Path) -> bool:
    return path.is_dir() or _ending(path) == "video"


def _ending(path: Path) -> str:
    ending = path.suffix.lower()
    if ending in IMAGE_ENDINGS:
        return "image"
    return "video" if ending in VIDEO_ENDINGS else ""


def split(items: Sequence[Item], share: float, seed: int) -> tuple[list[Item], list[Item]]:
    """Training and validation; of each class, ``share`` of its items, one at least, held out."""
    by_class: dict[tuple[int, ...], list[Item]] = {}
    for item in items:
        by_class.setdefault(item.classes, []).append(item)
    generator = np.random.default_rng(seed)
    training, validation = [], []
    for group in by_class.values():
        if len(group) < 2:
            raise InputError(f"{group[0].path.parent}: one item; a class needs two at least")
        order = generator.permutation(len(group))
        held = max(1, round(share * len(group)))
        validation += [group[i] for i in order[:held]]
        training += [group[i] for i in order[held:]]
    return training, validation


def labels_of(items: Sequence[Item], classes: int) -> NDArray[np.bool_]:
    """(N, K)."""
    labels = np.zeros((len(items), classes), bool)
    for row, item in zip(labels, items, strict=True):
        row[list(item.classes)] = True
    return labels


def labelled(
    items: Sequence[Item], classes: int, describer: Describer, sampling: ClipSampling, most: int
) -> Labelled:
    """The items with their features (N, D), of clips (N, T, D), up to ``most`` of a video.

    Those that cannot be read are told and left out.
    """
    rows: list[FloatArray] = []
    kept: list[Item] = []
    for item in progress(items, "features", len(items), "item"):
        try:
            found = (
                clips_of(item.path, item.frames, describer, sampling, most)
                if item.clip
                else [describer.image(item.path)]
            )
        except InputError as error:
            note(f"left out: {error}")
            continue
        rows += found
        kept += [item] * len(found)
    if not kept:
        raise InputError("none of the items can be read")
    return Labelled(np.stack(rows), labels_of(kept, classes))


def clips_of(
    path: Path, frames: FrameRange, describer: Describer, sampling: ClipSampling, most: int
) -> list[FloatArray]:
    """Features (T, D) of up to ``most`` clips of a video, spread evenly.

    Raises InputError for a video that cannot be read.
    """
    source = VideoSource(path, frames)
    seconds = (len(source) or sum(1 for _ in source)) / source.info.fps
    collector = ClipCollector(source.info.fps, sampling, seconds / most)
    clips = [found for frame in source if (found := collector.add(frame))]
    if rest := collector.finish():
        clips.append(rest)
    if not clips:
        raise input_error(path, "no frame can be decoded", "repair or remove the video")
    with telling(path):
        described = [describer.images([frame.image for frame in clip]) for clip in clips[:most]]
    return [filled(features, sampling.frames) for features in described]
