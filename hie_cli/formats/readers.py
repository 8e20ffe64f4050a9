"""Any file, folder or zip as clips, whether it holds ground truth or results."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.types import FramePeople
from hie_cli.formats import catalog
from hie_cli.formats.layouts import ava, coco, posetrack, table
from hie_cli.formats.layouts.ava import Size
from hie_cli.formats.layouts.mot import CLASS
from hie_cli.formats.results import RESULT_LAYOUTS, read_dropped, read_headers, read_results
from hie_cli.formats.sequence import VideoSequence, of_results, of_truth
from hie_cli.formats.sources import Source
from hie_cli.formats.truth import TRUTH_LAYOUTS, read_truth

ALL_LAYOUTS = tuple(catalog.LAYOUTS)
Kind = Literal["truth", "results"]
KINDS: tuple[Kind, ...] = ("truth", "results")


@dataclass(frozen=True)
class Reading:
    """How to read sources: layout and kind (None: by content), and what they do not say."""

    layout: str | None = None
    is_truth: bool | None = None
    size: Size | None = None
    fps: float | None = None
    images: Path | None = None


def read(
    path: Path | str,
    layout: str | None = None,
    kind: Kind | None = None,
    *,
    size: Size | None = None,
    fps: float | None = None,
    images: Path | str | None = None,
) -> VideoSequence:
    """The one sequence at ``path`` (file, folder or archive), whichever layout it has.

    Arguments as in :func:`read_sequences`. Raises InputError where there is none, or several.
    """
    found = read_sequences(path, layout, kind, size=size, fps=fps, images=images)
    sequence = next(found, None)
    if sequence is None:
        raise InputError(f"{path}: holds no sequence; give a file that holds one")
    second = next(found, None)
    if second is not None:
        raise InputError(
            f"{path}: holds several sequences ({sequence.name}, {second.name}, ...); give the file "
            "of one, or take them one after another (hie_cli.read_sequences)"
        )
    return sequence


def read_sequences(
    path: Path | str,
    layout: str | None = None,
    kind: Kind | None = None,
    *,
    size: Size | None = None,
    fps: float | None = None,
    images: Path | str | None = None,
) -> Iterator[VideoSequence]:
    """Every sequence at ``path`` (file, folder or archive), one at a time.

    ``layout`` and ``kind`` ("truth" or "results") override the recognition by content. What some
    layouts do not say: ``size`` (width, height) in pixels and ``fps`` of AVA csv, ``images``: the
    COCO file whose images a COCO list of results is for. Raises InputError naming file and place,
    ConfigError for an unknown ``layout`` or ``kind``.
    """
    if kind is not None and kind not in KINDS:
        raise ConfigError(f"kind {kind!r}: expected one of {', '.join(KINDS)}")
    is_truth = None if kind is None else kind == "truth"
    how = Reading(layout, is_truth, size, fps, None if images is None else Path(images))
    yield from read_clips(Path(path), how)


def read_clips(path: Path, how: Reading) -> Iterator[VideoSequence]:
    """Every sequence at ``path``, one at a time. Raises InputError naming file and place."""
    layout, files = catalog.select(path, how.layout, ALL_LAYOUTS)
    if layout == "ava" and how.size is None:
        raise ConfigError(f"{path}: AVA boxes are fractions of the image; add --size WIDTHxHEIGHT")
    if layout == "annolist" and how.is_truth is not True:
        headers = read_headers(path, layout)
    else:
        headers = {}
    is_truth = how.is_truth
    if is_truth is None:
        is_truth = not any(headers.values()) and holds_truth(path, layout, files, how)
    if is_truth:
        truth = read_truth(path, layout, size=how.size, fps=how.fps)
        yield from (of_truth(sequence) for sequence in truth.values())
        return
    results = read_results(path, layout, size=how.size, fps=how.fps, images=how.images)
    dropped = read_dropped(path, layout, images=how.images)
    for name, frames in results.items():
        clip = of_results(name, frames, headers.get(name))
        yield replace(clip, dropped=clip.dropped + dropped.get(name, ()))


def holds_truth(path: Path, layout: str, files: list[Source], how: Reading) -> bool:
    """Whether files hold ground truth: by their layout, their columns, or for want of scores.

    Files that could be either are results as soon as one score is neither 0 nor 1.
    """
    if layout not in RESULT_LAYOUTS or layout not in TRUTH_LAYOUTS:
        return layout in TRUTH_LAYOUTS
    if layout == "coco":
        return not any(coco.read_dataset(source).is_result for source in files)
    if layout == "posetrack18":
        return not any(posetrack.is_result(coco.read_dataset(source)) for source in files)
    if layout == "ava":
        return not any(ava.is_result(ava.read_rows(source)) for source in files)
    if layout in ("csv", "parquet"):
        tables = (rows for source in files for rows in table.read_rows(source).values())
        return any(table.is_truth(rows) for rows in tables)
    if layout == "mot" and all(_has_classes(source) for source in files):
        return True
    results = read_results(path, layout)
    return all(_plain_scores(item) for frames in results.values() for item in frames)


def _has_classes(source: Source) -> bool:
    """Whether a text file has MOT16's nine columns, the 8th being a class."""
    head = source.read_bytes(4096).decode("utf-8", "replace").strip()
    return bool(head) and len(head.splitlines()[0].split(",")) == CLASS + 2


def _plain_scores(item: FramePeople) -> bool:
    scores = [item.people.scores.reshape(-1)]
    if item.people.keypoint_scores is not None:
        scores.append(item.people.keypoint_scores.reshape(-1))
    return bool(np.isin(np.concatenate(scores), (0, 1)).all())
