"""Ground truth of any layout, found and recognised by itself."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from hie_cli.core.types import Annotations, TruthSequence
from hie_cli.formats import catalog
from hie_cli.formats.documents.document import Document, frame_number
from hie_cli.formats.layouts import (
    annolist_truth,
    ava,
    coco,
    hieve_xml,
    mot,
    posetrack,
    posetrack17,
)
from hie_cli.formats.layouts.ava import RateOf, SizeOf
from hie_cli.formats.sources import Source, find_sources

TRUTH_LAYOUTS = (
    "annolist",
    "hieve-xml",
    "hieve-json",
    "track1",
    "mot",
    "posetrack17",
    "posetrack18",
    "coco",
    "ava",
    "csv",
    "parquet",
)
Loaders = dict[str, Callable[[], TruthSequence]]


def read_truth(
    path: Path | str,
    layout: str | None = None,
    *,
    size: SizeOf = None,
    fps: RateOf = None,
) -> Mapping[str, TruthSequence]:
    """The ground truth at ``path`` (file, folder or zip) by sequence name.

    ``layout`` (see ``TRUTH_LAYOUTS``) overrides the detection by content, for example ``track1``
    to read the text files of a HiEve release, whose richest rendering is otherwise taken. ``size``
    (width, height) and ``fps`` are for AVA csv, which states neither: values, or functions of the
    video's name.
    Each sequence is read when it is asked for. Raises InputError naming file, line or frame.
    """
    path = Path(path)
    layout, files = catalog.select(path, layout, TRUTH_LAYOUTS)
    return catalog.Sequences(_loaders(path, layout, files, size, fps))


def read_box_truth(path: Path | str) -> Mapping[str, TruthSequence] | None:
    """The Track-1 text of a HiEve release that also holds another rendering; None elsewhere.

    The text alone says who is ignored. It ends with its last row; the sequence goes on to its last
    all-track file.
    """
    found = find_sources(Path(path))
    texts = [s for s in found if "track1" in s.folders and s.suffix == ".txt"]
    if not texts or not any({"all-track", "track2&3"} & set(s.folders) for s in found):
        return None
    lengths: dict[str, int] = {}
    for source in found:
        if "all-track" in source.folders:
            frame = frame_number(source.name)
            lengths[source.folder] = max(lengths.get(source.folder, 0), (frame or 0) + 1)
    named = catalog.by_name(texts).items()
    return catalog.Sequences(
        {name: partial(_load_text, source, name, lengths.get(name, 0)) for name, source in named}
    )


def _load_text(source: Source, name: str, length: int) -> TruthSequence:
    truth = _load_mot(source, name, 0)
    more = (Annotations.empty(),) * (length - len(truth.frames))
    return replace(truth, frames=truth.frames + more)


def _loaders(path: Path, layout: str, files: list[Source], size: SizeOf, fps: RateOf) -> Loaders:
    if layout in ("hieve-xml", "hieve-json"):
        folders = catalog.by_folder(files, path.stem)
        return {
            name: partial(hieve_xml.parse_sequence, part, name) for name, part in folders.items()
        }
    if layout in ("posetrack18", "ava", "csv", "parquet"):
        return _many(layout, files, size, fps)
    loaders: Loaders = {}
    for name, source in catalog.by_name(files).items():
        if layout in ("track1", "mot"):
            loaders[name] = partial(_load_mot, source, name, 0 if layout == "track1" else 1)
        elif layout == "coco":
            loaders[name] = partial(coco.parse_truth, source, name)
        elif layout == "posetrack17":
            loaders[name] = partial(posetrack17.parse_truth, source, name)
        else:
            loaders[name] = partial(_load_annolist, source, name)
    return loaders


def _many(layout: str, files: list[Source], size: SizeOf, fps: RateOf) -> Loaders:
    """Layouts whose files hold several sequences each; read at once."""
    loaders: Loaders = {}
    for source in files:
        if layout == "posetrack18":
            whole = posetrack.parse_truth(source)
            found: Loaders = {name: partial(whole.__getitem__, name) for name in whole}
        elif layout == "ava":
            found = {
                name: partial(ava.truth_sequence, name, rows, source.label, size, fps)
                for name, rows in ava.read_rows(source, fps).items()
            }
        else:
            from hie_cli.formats.layouts import table

            found = {
                name: partial(table.truth_sequence, name, table_rows, source.label)
                for name, table_rows in table.read_rows(source).items()
            }
        catalog.refuse_twice(loaders, found, source)
        loaders |= found
    return loaders


def _load_mot(source: Source, name: str, base: int) -> TruthSequence:
    info = mot.SequenceInfo()
    if base == 1 and source.path is not None:
        folder = source.path.parent
        root = folder.parent if folder.name in ("gt", "det") else folder
        info = mot.read_seqinfo(root / "seqinfo.ini")
    mot20 = any(folder.upper().startswith("MOT20-") for folder in (name, *source.folders[-3:]))
    distractors = mot.MOT20_DISTRACTORS if mot20 else mot.DISTRACTORS
    return mot.parse_truth(source.read_text(), source.label, name, base, info, distractors)


def _load_annolist(source: Source, name: str) -> TruthSequence:
    document = Document(source)
    if not document.streams and posetrack17.has_marks(document.whole()):
        return posetrack17.parse_truth(source, name)
    return annolist_truth.truth_sequence(name, document)
