"""``hie report``: pages of a results folder."""

from pathlib import Path
from typing import NamedTuple

from hie_cli.analysis.measured import Measured, measure
from hie_cli.analysis.settings import DEFAULTS
from hie_cli.analysis.zones import Zones, read_zones
from hie_cli.core.errors import ConfigError, input_error
from hie_cli.core.progress import progress
from hie_cli.core.text import printable
from hie_cli.formats.files import atomic_write, file_name, taken
from hie_cli.reporting.page import json_block, page
from hie_cli.reporting.people_table import PeopleTable, read_people
from hie_cli.reporting.video_page import SCRIPTS, Files, Row, relative, video_page

RICHEST_FIRST = ("action", "track", "pose", "detect")


class Pages(NamedTuple):
    """What was written: the page to open, and the pages of the videos (itself, if one)."""

    page: Path
    videos: tuple[Path, ...]


def find_results(folder: Path) -> list[Path]:
    """The richest document of each video in a results folder, by name.

    Raises InputError if the folder holds none.
    """
    found: dict[str, Path] = {}
    for stage in RICHEST_FIRST:
        for path in sorted((folder / stage).glob("[!.]*.json")):
            found.setdefault(path.stem, path)
    if not found:
        raise input_error(folder, "holds no results", "give the folder that hie run -o wrote")
    return [found[name] for name in sorted(found)]


def write_report(
    folder: Path | str,
    output: Path | str | None = None,
    *,
    zones: Path | str | None = None,
    embed: bool = False,
    overwrite: bool = False,
) -> Pages:
    """Write the page of the results in ``folder`` to ``output`` (default: ``report.html`` there).

    Of several videos that page is an index, and each has a page of its own in a folder beside it
    (``report_files``). ``zones``: lines and areas (``hie zones``) to count at · ``embed``: one file
    that holds overlay videos, contact sheets and the pages of all videos, instead of linking them.
    Raises InputError for missing or broken documents or zones, ConfigError if a page exists
    already or cannot be written.
    """
    folder = Path(folder)
    shapes = None if zones is None else read_zones(Path(zones))
    path = folder / "report.html" if output is None else Path(output)
    documents = find_results(folder)
    paths = [path] if embed else _places(documents, path)
    for target in (path, *paths):
        if not overwrite and taken(target):
            raise ConfigError(f"{target}: exists already; --overwrite replaces it")
    index = None if paths == [path] else path
    if embed and len(documents) > 1:
        _write(path, _whole(folder, documents, path, shapes))
        return Pages(path, (path,))
    rows: list[Row] = []
    for document, target in zip(progress(documents, "report", len(documents)), paths, strict=True):
        table = read_people(document)
        back = None if index is None else relative(index, target)
        text, row = video_page(
            table, _measured(document, table, shapes), _files(folder, table.name), target,
            zones=shapes, embed=embed, index=back,
        )  # fmt: skip
        _write(target, text)
        rows.append(row._replace(href=relative(target, path)))
    if index is not None:
        _write(index, page("index.html.jinja", title=_title(folder), rows=rows, pages=None))
    return Pages(path, tuple(paths))


def _whole(folder: Path, documents: list[Path], path: Path, zones: Zones | None) -> str:
    """The index and the pages of all videos as one page."""
    texts, rows = [], []
    for number, document in enumerate(progress(documents, "report", len(documents)), 1):
        table = read_people(document)
        text, row = video_page(
            table, _measured(document, table, zones), _files(folder, table.name), path,
            zones=zones, embed=True, index=None,
        )  # fmt: skip
        texts.append(text)
        rows.append(row._replace(href=f"#{number}"))
    return page(
        "index.html.jinja", ("index.js",), SCRIPTS,
        title=_title(folder), rows=rows, pages=json_block(texts),
    )  # fmt: skip


def _title(folder: Path) -> str:
    return printable(folder.resolve().name or str(folder), keep="")


def _measured(document: Path, table: PeopleTable, zones: Zones | None) -> Measured | None:
    """What ``hie analyse`` measures; None without identities, or a header to take sizes from."""
    if table.track_ids is None or not table.headed:
        return None
    return measure(document, zones or Zones(), DEFAULTS)


def _places(documents: list[Path], path: Path) -> list[Path]:
    """Where the page of each document goes."""
    if len(documents) == 1:
        return [path]
    inside = path.with_name(f"{path.stem}_files")
    return [inside / f"{file_name(document.stem)}.html" for document in documents]


def _files(folder: Path, name: str) -> Files:
    """The overlay and the contact sheet, if they lie in ``folder``: a link may lead elsewhere."""

    def inside(path: Path) -> Path | None:
        there = path.is_file() and path.resolve().is_relative_to(folder.resolve())
        return path if there else None

    stem = file_name(name)
    render = folder / "render"
    return Files(inside(render / f"{stem}.mp4"), inside(render / f"{stem}.png"))


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as file:
        file.write(text)
