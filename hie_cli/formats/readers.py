"""Any file, folder or archive as sequences, whether it holds ground truth or results."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.formats.catalog import Selection, select
from hie_cli.formats.layout import KINDS, Kind, ReadOptions, Size
from hie_cli.formats.reading import Sequences
from hie_cli.formats.sequence import ResultSequence, VideoSequence, of_results, of_truth


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
    selection = select(Path(path), layout, kind)
    options = ReadOptions(size, fps, None if images is None else Path(images))
    if selection.layout.name == "ava" and size is None:
        raise ConfigError(f"{path}: AVA boxes are fractions of the image; add --size WIDTHxHEIGHT")
    chosen, files, _ = selection
    results: Sequences[ResultSequence] | None = None
    if kind is None:
        kind = _kind_by_marks(selection)
    if kind is None:
        assert chosen.read_results is not None
        results = Sequences(chosen.read_results(files, options))
        kind = "truth" if all(map(_plain_scores, results.values())) else "results"
    if kind == "truth":
        assert chosen.read_truth is not None
        truth = Sequences(chosen.read_truth(files, options))
        yield from (of_truth(sequence) for sequence in truth.values())
    else:
        assert chosen.read_results is not None
        results = results or Sequences(chosen.read_results(files, options))
        yield from (of_results(sequence) for sequence in results.values())


def _kind_by_marks(selection: Selection) -> Kind | None:
    """What files hold by their layout or its own marks; None where only the scores can tell.

    Files that could be either are results as soon as one score is neither 0 nor 1.
    """
    layout, files, _ = selection
    if layout.read_results is None or layout.read_truth is None:
        return "truth" if layout.read_results is None else "results"
    told = None if layout.is_truth is None else layout.is_truth(files)
    return None if told is None else "truth" if told else "results"


def _plain_scores(sequence: ResultSequence) -> bool:
    """Whether every score of people and joints is 0 or 1, as truth's flags are."""
    for item in sequence.frames:
        scores = [item.people.scores.reshape(-1)]
        if item.people.keypoint_scores is not None:
            scores.append(item.people.keypoint_scores.reshape(-1))
        if not np.isin(np.concatenate(scores), (0, 1)).all():
            return False
    return True
