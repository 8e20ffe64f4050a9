"""Ground truth of any layout, found and recognised by itself."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.formats.catalog import Selection, endings, select
from hie_cli.formats.documents.entries import frame_number
from hie_cli.formats.layout import RateOf, ReadOptions, SizeOf
from hie_cli.formats.layouts import known
from hie_cli.formats.layouts.track1 import read_truth_file
from hie_cli.formats.reading import Sequences, by_name
from hie_cli.formats.sources import Source, find_sources


def read_truth(
    path: Path | str | Selection,
    layout: str | None = None,
    *,
    size: SizeOf = None,
    fps: RateOf = None,
) -> Mapping[str, TruthSequence]:
    """The ground truth at ``path`` (file, folder or archive) by sequence name.

    ``layout`` overrides the recognition by content, for example ``track1`` to read the text files
    of a HiEve release, whose richest rendering is otherwise taken. ``size`` (width, height) and
    ``fps`` are for AVA csv, which states neither: values, or functions of the video's name.
    Each sequence is read when it is asked for; files that were selected before are not looked
    through again. Raises InputError naming file, line or frame.
    """
    found = path if isinstance(path, Selection) else select(Path(path), layout, "truth")
    chosen, files, _ = found
    assert chosen.read_truth is not None
    return Sequences(chosen.read_truth(files, ReadOptions(size, fps)))


def read_box_truth(path: Path | str) -> Mapping[str, TruthSequence] | None:
    """The Track-1 text of a HiEve release that also holds another rendering; None elsewhere.

    The text alone says who is ignored. It ends with its last row; the sequence goes on to its last
    all-track file.
    """
    found = find_sources(Path(path), endings(known()))
    texts = [s for s in found if "track1" in s.folders and s.suffix == ".txt"]
    if not texts or not any({"all-track", "track2&3"} & set(s.folders) for s in found):
        return None
    lengths: dict[str, int] = {}
    for source in found:
        if "all-track" in source.folders:
            frame = frame_number(source.name)
            lengths[source.folder] = max(lengths.get(source.folder, 0), (frame or 0) + 1)
    named = by_name(texts).items()
    return Sequences(
        {name: partial(_load_text, source, name, lengths.get(name)) for name, source in named}
    )


def _load_text(source: Source, name: str, length: int | None) -> TruthSequence:
    truth = read_truth_file(source, name, ReadOptions())
    if length is None:
        return truth
    more = (Annotations.empty(),) * (length - len(truth.frames))
    return replace(truth, frames=truth.frames + more, open_end=False)
