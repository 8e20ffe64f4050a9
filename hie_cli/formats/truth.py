"""Ground truth of any layout, found and recognised by itself."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from hie_cli.formats import annolist, ava, catalog, coco, hieve_xml, mot, posetrack, posetrack17
from hie_cli.formats.document import Document
from hie_cli.formats.sources import Source
from hie_cli.types import TruthSequence

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
Size = tuple[int, int]
Loaders = dict[str, Callable[[], TruthSequence]]


def read_truth(
    path: Path | str,
    layout: str | None = None,
    *,
    size: Size | None = None,
    fps: float | None = None,
) -> Mapping[str, TruthSequence]:
    """The ground truth at ``path`` (file, folder or zip) by sequence name.

    ``layout`` (see ``TRUTH_LAYOUTS``) overrides the detection by content, for example ``track1``
    to read the text files of a HiEve release, whose richest rendering is otherwise taken. ``size``
    (width, height) and ``fps`` are for AVA csv, which states neither.
    Each sequence is read when it is asked for. Raises InputError naming file, line or frame.
    """
    path = Path(path)
    layout, files = catalog.select(path, layout, TRUTH_LAYOUTS)
    return catalog.Sequences(_loaders(path, layout, files, size, fps))


def _loaders(
    path: Path, layout: str, files: list[Source], size: Size | None, fps: float | None
) -> Loaders:
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


def _many(layout: str, files: list[Source], size: Size | None, fps: float | None) -> Loaders:
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
            from hie_cli.formats import table

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
    return annolist.truth_sequence(name, document)
