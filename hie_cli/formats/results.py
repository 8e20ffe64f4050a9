"""Results of any layout, found and recognised by itself."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from hie_cli.core.errors import InputError
from hie_cli.core.types import FramePeople
from hie_cli.formats.catalog import Selection, select
from hie_cli.formats.documents.document import Document, Header
from hie_cli.formats.layout import RateOf, ReadOptions, SizeOf
from hie_cli.formats.reading import Sequences, by_name
from hie_cli.formats.sequence import ResultSequence
from hie_cli.formats.sources import Source

Frames = tuple[FramePeople, ...]


def read_results(
    path: Path | str | Selection,
    layout: str | None = None,
    *,
    size: SizeOf = None,
    fps: RateOf = None,
    images: Path | str | None = None,
) -> Mapping[str, Frames]:
    """The results at ``path`` (file, folder or archive) by sequence name, frames ascending.

    Text files hold only frames with people; documents hold every frame. ``layout`` overrides the
    recognition by content; files that were selected before are not looked through again. ``size``
    (width, height) and ``fps`` are for AVA csv; ``images`` is the
    COCO file whose images a COCO list of results refers to, and whose sequence name it takes. Each
    sequence is read when it is asked for. Raises InputError naming file, line or frame.
    """
    chosen, files, _ = _selected(path, layout)
    assert chosen.read_results is not None
    options = ReadOptions(size, fps, None if images is None else Path(images))
    loaders = chosen.read_results(files, options)
    return Sequences({name: partial(_frames, load) for name, load in loaders.items()})


def _frames(load: Callable[[], ResultSequence]) -> Frames:
    return load().frames


def _selected(path: Path | str | Selection, layout: str | None) -> Selection:
    return path if isinstance(path, Selection) else select(Path(path), layout, "results")


def read_headers(
    path: Path | str | Selection, layout: str | None = None
) -> dict[str, Header | None]:
    """Headers of the stage documents at ``path`` by sequence name; empty for other layouts.

    None for a document without one, or whose header is damaged, which reading its frames tells.
    """
    chosen, files, _ = _selected(path, layout)
    if chosen.name != "annolist":
        return {}
    return {name: _header(source) for name, source in by_name(files).items()}


def _header(source: Source) -> Header | None:
    try:
        return Document(source).header
    except InputError:
        return None
