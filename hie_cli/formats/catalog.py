"""Which layout a data file has, by its content, and which of several files hold the data."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from hie_cli.core.errors import InputError
from hie_cli.formats.layout import Fit, Kind, Layout
from hie_cli.formats.layouts import find, known
from hie_cli.formats.sources import Source, find_sources

# A release of HiEve keeps the same truth three times; the richest is taken first.
_RENDERINGS = ("all-track", "track2&3", "track1")
# What other programs of this toolkit leave beside their documents.
_NOT_DATA = ("summary.json",)


class Selection(NamedTuple):
    """Files to be read, all of one layout.

    ``misfits``: by the name of the sequence that a file beside them would hold, why it is of none.
    """

    layout: Layout
    files: list[Source]
    misfits: Mapping[str, InputError] = MappingProxyType({})


def select(path: Path, name: str | None = None, kind: Kind | None = None) -> Selection:
    """The layout of the data at ``path`` and its files; ``name`` overrides the recognition.

    Only layouts that can be read as ``kind`` (None: as either) are considered. Raises InputError if
    no file fits (saying why the likeliest layout does not), or if files of several layouts lie
    there without a choice; ConfigError for an unknown ``name``.
    """
    allowed = tuple(layout for layout in known() if layout.reads(kind))
    if name is not None:
        return _chosen(path, find(name, allowed))
    found = _main_files(_richest(find_sources(path, endings(known()))))
    by_layout: dict[str, list[Source]] = {}
    misfits: list[tuple[Source, Layout, Fit]] = []
    for source in found:
        layout, nearest = recognise(source, allowed)
        if len(found) > 1:
            source.forget()
        if layout is not None:
            by_layout.setdefault(layout.name, []).append(source)
        elif nearest is not None:
            misfits.append((source, *nearest))
    if not by_layout:
        raise _nothing_fits(path, found, kind, misfits)
    if len(by_layout) > 1:
        kinds = ", ".join(sorted(by_layout))
        raise InputError(
            f"{path}: holds several layouts ({kinds}); choose one "
            "with --from (hie eval: --set truth_layout=... or results_layout=...)"
        )
    ((only, files),) = by_layout.items()
    return Selection(find(only), files, {s.name: _misfit(s, near, fit) for s, near, fit in misfits})


def recognise(
    source: Source, among: tuple[Layout, ...]
) -> tuple[Layout | None, tuple[Layout, Fit] | None]:
    """The first layout that a file fits; else None, and the likeliest with what is missing."""
    nearest: tuple[Layout, Fit] | None = None
    for layout in among:
        if layout.sniff is None or source.suffix not in layout.endings:
            continue
        fit = layout.sniff(source)
        if fit.fits:
            return layout, None
        if nearest is None or fit.share > nearest[1].share:
            nearest = layout, fit
    return None, nearest


def _chosen(path: Path, layout: Layout) -> Selection:
    """The files of a layout that was named: all of its ending, or the one file given."""
    found = find_sources(path, endings(known()))
    single = len(found) == 1
    files = found if single else [s for s in found if s.suffix in layout.endings]
    files = _main_files([s for s in files if single or not _foreign(s, layout)])
    if not files:
        raise InputError(f"{path}: holds no {layout.name} files ({layout.title})")
    return Selection(layout, files)


def _foreign(source: Source, layout: Layout) -> bool:
    """Whether a file of a folder belongs to another rendering of a release, or is no data."""
    if f"{source.name}{source.suffix}" in _NOT_DATA:
        return True
    rendering = next((part for part in _RENDERINGS if part in source.folders), None)
    if rendering is None or layout.sniff is None:
        return False
    foreign = not layout.sniff(source).fits
    source.forget()
    return foreign


def endings(layouts: tuple[Layout, ...]) -> tuple[str, ...]:
    """Of the files that the layouts keep."""
    return tuple(dict.fromkeys(ending for layout in layouts for ending in layout.endings))


def _richest(found: list[Source]) -> list[Source]:
    """Of a HiEve release, the files of its richest rendering; of anything else, all files."""
    for part in _RENDERINGS:
        chosen = [s for s in found if part in s.folders]
        others = [s for s in found if any(p in s.folders for p in _RENDERINGS if p != part)]
        if chosen and others:
            return chosen
    return found


def _main_files(found: list[Source]) -> list[Source]:
    """Of a MOTChallenge tree, the ``gt/gt.txt`` files; of anything else, all files."""
    truths = [s for s in found if s.name == "gt" and s.folder == "gt" and s.suffix == ".txt"]
    return truths or found


def _nothing_fits(
    path: Path,
    found: list[Source],
    kind: Kind | None,
    misfits: list[tuple[Source, Layout, Fit]],
) -> InputError:
    """The error where no file fits: what the likeliest one lacks, or that it is the other side."""
    if kind is not None:
        for source in found:
            other, _ = recognise(source, known())
            if other is not None:
                held = "ground truth" if kind == "results" else "results"
                wanted = "results" if kind == "results" else "ground truth"
                return InputError(
                    f"{source.label}: is {other.title}, which holds {held}; expected {wanted}"
                )
    if not misfits:
        names = ", ".join(layout.name for layout in known() if layout.reads(kind))
        expected = ", ".join(endings(known()))
        return InputError(
            f"{path}: none of the known layouts ({names}); expected a file with one of {expected}"
        )
    return _misfit(*max(misfits, key=lambda item: item[2].share))


def _misfit(source: Source, layout: Layout, fit: Fit) -> InputError:
    """What a file of no layout lacks to be of the likeliest one."""
    return InputError(
        f"{source.label}: none of the known layouts; the likeliest, {layout.name} "
        f"({layout.title}), is not it: {fit.why}"
    )
