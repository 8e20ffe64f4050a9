"""Results of any layout, found and recognised by itself."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from hie_cli.formats import catalog, mot
from hie_cli.formats.document import Document
from hie_cli.formats.sources import Source
from hie_cli.types import FramePeople

RESULT_LAYOUTS = ("annolist", "track1", "mot")
Loaders = dict[str, Callable[[], tuple[FramePeople, ...]]]


def read_results(
    path: Path | str, layout: str | None = None
) -> Mapping[str, tuple[FramePeople, ...]]:
    """The results at ``path`` (file, folder or zip) by sequence name, frames ascending.

    Text files hold only frames with people; documents hold every frame. ``layout`` (see
    ``RESULT_LAYOUTS``) overrides the detection by content. Each sequence is read when it is asked
    for. Raises InputError naming file, line or frame.
    """
    path = Path(path)
    layout, files = catalog.select(path, layout, RESULT_LAYOUTS)
    if layout in ("track1", "mot"):
        base = 0 if layout == "track1" else 1
        loaders: Loaders = {
            name: partial(_load_mot, source, base)
            for name, source in catalog.by_name(files).items()
        }
    else:
        loaders = {
            name: partial(_load_document, source) for name, source in catalog.by_name(files).items()
        }
    return catalog.Sequences(loaders)


def _load_mot(source: Source, base: int) -> tuple[FramePeople, ...]:
    return mot.parse_results(source.read_text(), source.label, base)


def _load_document(source: Source) -> tuple[FramePeople, ...]:
    return tuple(Document(source))
