"""Ground truth of any layout, found and recognised by itself."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from hie_cli.formats import annolist, catalog, hieve_xml, mot
from hie_cli.formats.document import Document
from hie_cli.formats.sources import Source
from hie_cli.types import TruthSequence

TRUTH_LAYOUTS = (
    "annolist",
    "hieve-xml",
    "hieve-json",
    "track1",
    "mot",
)
Loaders = dict[str, Callable[[], TruthSequence]]


def read_truth(path: Path | str, layout: str | None = None) -> Mapping[str, TruthSequence]:
    """The ground truth at ``path`` (file, folder or zip) by sequence name.

    ``layout`` (see ``TRUTH_LAYOUTS``) overrides the detection by content, for example ``track1``
    to read the text files of a HiEve release, whose richest rendering is otherwise taken.
    Each sequence is read when it is asked for. Raises InputError naming file, line or frame.
    """
    path = Path(path)
    layout, files = catalog.select(path, layout, TRUTH_LAYOUTS)
    if layout in ("hieve-xml", "hieve-json"):
        folders = catalog.by_folder(files, path.stem)
        loaders: Loaders = {
            name: partial(hieve_xml.parse_sequence, part, name) for name, part in folders.items()
        }
    elif layout in ("track1", "mot"):
        base = 0 if layout == "track1" else 1
        loaders = {
            name: partial(_load_mot, source, name, base)
            for name, source in catalog.by_name(files).items()
        }
    else:
        loaders = {
            name: partial(_load_annolist, source, name)
            for name, source in catalog.by_name(files).items()
        }
    return catalog.Sequences(loaders)


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
    return annolist.truth_sequence(name, Document(source))
