"""Results of any layout, found and recognised by itself."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from hie_cli.core.types import FramePeople
from hie_cli.formats import catalog
from hie_cli.formats.documents.document import Document, Header
from hie_cli.formats.layouts import ava, coco, mot, posetrack, posetrack17
from hie_cli.formats.layouts.ava import RateOf, SizeOf
from hie_cli.formats.sources import Source

RESULT_LAYOUTS = (
    "annolist",
    "track1",
    "mot",
    "posetrack17",
    "posetrack18",
    "coco",
    "coco-results",
    "ava",
    "csv",
    "parquet",
)
Frames = tuple[FramePeople, ...]
Loaders = dict[str, Callable[[], Frames]]


def read_results(
    path: Path | str,
    layout: str | None = None,
    *,
    size: SizeOf = None,
    fps: RateOf = None,
    images: Path | str | None = None,
) -> Mapping[str, Frames]:
    """The results at ``path`` (file, folder or zip) by sequence name, frames ascending.

    Text files hold only frames with people; documents hold every frame. ``layout`` (see
    ``RESULT_LAYOUTS``) overrides the detection by content. ``size`` (width, height) and ``fps`` are
    for AVA csv; ``images`` is the COCO file whose images a COCO list of results refers to, and
    whose sequence name it takes. Each sequence is read when it is asked for.
    Raises InputError naming file, line or frame.
    """
    layout, files = catalog.select(Path(path), layout, RESULT_LAYOUTS)
    if layout in ("posetrack18", "ava", "csv", "parquet"):
        return catalog.Sequences(_many(layout, files, size, fps))
    loaders: Loaders = {}
    for name, source in catalog.by_name(files).items():
        if layout in ("track1", "mot"):
            loaders[name] = partial(_load_mot, source, 0 if layout == "track1" else 1)
        elif layout == "coco":
            loaders[name] = partial(coco.parse_results, source)
        elif layout == "coco-results":
            name = name if images is None else Path(images).stem
            loaders[name] = partial(coco.parse_result_list, source, images)
        elif layout == "posetrack17":
            loaders[name] = partial(posetrack17.parse_results, source)
        else:
            loaders[name] = partial(_load_annolist, source)
    return catalog.Sequences(loaders)


def read_headers(path: Path | str, layout: str | None = None) -> dict[str, Header | None]:
    """Headers of the stage documents at ``path`` by sequence name; empty for other layouts."""
    layout, files = catalog.select(Path(path), layout, RESULT_LAYOUTS)
    if layout != "annolist":
        return {}
    return {name: Document(source).header for name, source in catalog.by_name(files).items()}


def read_dropped(
    path: Path | str, layout: str | None = None, *, images: Path | str | None = None
) -> dict[str, tuple[tuple[str, int], ...]]:
    """Counts by sequence of what results say and ``People`` do not hold, such as COCO's eyes.

    Layouts whose every joint has a place are left out.
    """
    layout, files = catalog.select(Path(path), layout, RESULT_LAYOUTS)
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for source in files:
        if layout == "posetrack18":
            data = coco.read_dataset(source)
            for name, frames in posetrack.videos(data, source.name).items():
                found[name] = coco.dropped(data, list(frames.values()))
        elif layout == "coco":
            data = coco.read_dataset(source)
            found[source.name] = coco.dropped(data, data.images)
        elif layout == "coco-results" and images is not None:
            data = coco.read_result_list(source, images)
            found[Path(images).stem] = coco.dropped(data, data.images)
        elif layout == "posetrack17" or (layout == "annolist" and _is_posetrack17(source)):
            found[source.name] = posetrack17.dropped(source)
    return found


def _is_posetrack17(source: Source) -> bool:
    document = Document(source)
    return not document.streams and posetrack17.has_marks(document.whole())


def _many(layout: str, files: list[Source], size: SizeOf, fps: RateOf) -> Loaders:
    """Layouts whose files hold several sequences each; read at once."""
    loaders: Loaders = {}
    for source in files:
        if layout == "posetrack18":
            whole = posetrack.parse_results(source)
            found: Loaders = {name: partial(whole.__getitem__, name) for name in whole}
        elif layout == "ava":
            found = {
                name: partial(ava.result_frames, name, rows, source.label, size)
                for name, rows in ava.read_rows(source, fps).items()
            }
        else:
            from hie_cli.formats.layouts import table

            found = {
                name: partial(table.result_frames, table_rows)
                for name, table_rows in table.read_rows(source).items()
            }
        catalog.refuse_twice(loaders, found, source)
        loaders |= found
    return loaders


def _load_mot(source: Source, base: int) -> Frames:
    return mot.parse_results(source.read_text(), source.label, base)


def _load_annolist(source: Source) -> Frames:
    if _is_posetrack17(source):
        return posetrack17.parse_results(source)
    return tuple(Document(source))
