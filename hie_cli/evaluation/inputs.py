"""Truth and results of an evaluation, each told what only the other one says."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.errors import InputError
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.formats.catalog import select
from hie_cli.formats.documents.document import Header
from hie_cli.formats.layout import Size
from hie_cli.formats.reading import Sequences
from hie_cli.formats.results import Frames, read_headers, read_results
from hie_cli.formats.truth import read_box_truth, read_truth

T = TypeVar("T")


@dataclass(frozen=True)
class Inputs:
    """Sequences of both sides by name, read when asked for.

    ``boxes``: the truth of detection and Track 1 where a release keeps it apart, else None.
    """

    truth: Mapping[str, TruthSequence]
    results: Mapping[str, Frames]
    boxes: Mapping[str, TruthSequence] | None
    notes: tuple[str, ...]


def load_inputs(
    truth: Path, results: Path, config: EvalConfig, box_tracks_alone: bool = False
) -> Inputs:
    """Both sides, their layouts recognised by content unless ``config`` names them.

    AVA csv states neither image size nor frame rate: its truth takes them from the headers of the
    stage documents, its results take the size from the truth. Of a HiEve release the boxes are read
    from the Track-1 text, which alone says who is ignored (nothing else is read if the
    ``box_tracks_alone`` are scored). A COCO list of results is for the images of the truth. One
    sequence on each side needs no common name. A file of one side that is named like a sequence of
    the other and cannot be recognised is a sequence that cannot be read.
    """
    selected = select(results, config.results_layout, "results")
    layout = selected.layout.name
    headers = {n: h for n, h in read_headers(selected).items() if h}

    def size_in_header(name: str) -> Size | None:
        header = _of(headers, name)
        if header is None and layout != "ava":
            raise InputError(
                f"{truth}: {name}: AVA boxes are fractions of the image, whose size {results} does "
                "not state; give stage documents, or AVA csv on both sides"
            )
        return None if header is None else (header.video.width, header.video.height)

    def rate_in_header(name: str) -> float | None:
        header = _of(headers, name)
        if header is None:
            raise InputError(
                f"{truth}: {name}: ava_stamps=seconds takes the frame rate from a stage document, "
                f"and {results} holds none; give documents, or frame numbers as time stamps"
            )
        return header.video.fps

    seconds = config.ava_stamps == "seconds"
    boxes = read_box_truth(truth) if config.truth_layout is None else None
    misfits: Mapping[str, InputError] = {}
    if boxes is not None and box_tracks_alone:
        true, boxes = boxes, None
    else:
        true_files = select(truth, config.truth_layout, "truth")
        misfits = true_files.misfits
        true = read_truth(
            true_files,
            size=size_in_header,
            fps=rate_in_header if seconds else None,
        )

    def size_in_truth(name: str) -> Size | None:
        sequence = _of(true, name)
        if sequence is None:
            return None  # reported as an extra sequence
        if sequence.width is None or sequence.height is None:
            raise InputError(
                f"{results}: {name}: AVA boxes are fractions of the image, whose size the truth "
                "does not state; convert them first: hie convert --size WIDTHxHEIGHT"
            )
        return sequence.width, sequence.height

    found = read_results(selected, size=size_in_truth, images=truth)
    found, true = _and_broken(found, selected.misfits, true), _and_broken(true, misfits, found)
    files = truth.is_file() and results.is_file()
    renamed = [] if files else _renamed(true, found)
    notes = [*renamed, *_coverage(headers), *_without_text(true, boxes)]
    found = same_name(true, found)
    return Inputs(true, found, boxes, tuple(notes))


def same_name(truth: Mapping[str, TruthSequence], results: Mapping[str, T]) -> Mapping[str, T]:
    """``results`` under the truth's name where both hold a single sequence."""
    if len(truth) != 1 or len(results) != 1 or set(truth) == set(results):
        return results
    (name,), (found,) = truth, results
    return {name: results[found]}


def _and_broken(
    read: Mapping[str, T], misfits: Mapping[str, InputError], other: Mapping[str, object]
) -> Mapping[str, T]:
    """``read`` and, where the ``other`` side has them, sequences whose files are ``misfits``:
    asking for one of these raises why.
    """
    broken = {name: misfits[name] for name in misfits if name in other and name not in read}
    if not broken:
        return read

    def refuse(error: InputError) -> T:
        raise error

    readable = {name: partial(read.__getitem__, name) for name in read}
    return Sequences({**readable, **{n: partial(refuse, e) for n, e in broken.items()}})


def _renamed(truth: Mapping[str, TruthSequence], results: Mapping[str, T]) -> list[str]:
    """A note where the one sequence of each side has another name than the other."""
    if len(truth) != 1 or len(results) != 1 or set(truth) == set(results):
        return []
    (name,), (found,) = truth, results
    return [f"the results of {found} are scored against the truth of {name}: there is one of each"]


def _of(items: Mapping[str, T], name: str) -> T | None:
    """The item of sequence ``name``, or the only one there is."""
    if name not in items and len(items) == 1:
        (name,) = items
    return items.get(name)


def _coverage(headers: Mapping[str, Header]) -> list[str]:
    """A note for every document that covers a part of its video only."""
    notes = []
    for name, header in headers.items():
        first, end, stride = header.frames
        count = header.video.num_frames
        if count:
            seen = len(range(first, count if end is None else min(end, count), max(1, stride)))
            if seen < count:
                notes.append(
                    f"{name}: the document covers {seen} of the video's {count} frames "
                    f"({seen / count:.0%}); the others count as frames without anybody"
                )
    return notes


def _without_text(
    truth: Mapping[str, TruthSequence], boxes: Mapping[str, TruthSequence] | None
) -> list[str]:
    """A note on sequences of a release that have no Track-1 text."""
    missing = [] if boxes is None else sorted(set(truth) - set(boxes))
    return [f"no Track-1 text of {', '.join(missing)}: nobody is ignored there"] if missing else []
