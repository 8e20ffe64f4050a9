"""Which layout a data file has, by its content, and which sequence it belongs to."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from hie_cli.core.errors import ConfigError, InputError, nearest
from hie_cli.formats.layouts.mot import guess_base
from hie_cli.formats.sources import Source, find_sources

T = TypeVar("T")

# Name: what it is, as error messages and the help list it.
LAYOUTS: dict[str, str] = {
    "annolist": "stage documents, HiEve Track-2/3 annolist JSON",
    "hieve-xml": "HiEve all-track, one XML file per frame",
    "hieve-json": "HiEve all-track, one JSON file per frame",
    "track1": "HiEve Track-1 text, frames from 0",
    "mot": "MOTChallenge 2015/16/17/20 text, frames from 1",
    "posetrack17": "PoseTrack 2017 annolist JSON",
    "posetrack18": "PoseTrack 2018/21 JSON",
    "coco": "COCO keypoints, CrowdPose, OCHuman, AIC JSON",
    "coco-results": "COCO list of results",
    "ava": "AVA csv",
    "csv": "our table of persons and frames",
    "parquet": "our table of persons and frames",
}
# Layouts told apart by the reader, not by the file's ending.
_SUFFIXES = {
    "hieve-xml": ".xml",
    "track1": ".txt",
    "mot": ".txt",
    "ava": ".csv",
    "csv": ".csv",
    "parquet": ".parquet",
}
# A release of HiEve keeps the same truth three times; the richest is taken first.
_TREE = ("all-track", "track2&3", "track1")
HEAD_BYTES = 4096


class Sequences(Mapping[str, T]):
    """Sequences by name, each read when asked for, so that memory holds one at a time."""

    def __init__(self, loaders: dict[str, Callable[[], T]]) -> None:
        self._loaders = loaders
        self._last: tuple[str, T] | None = None

    def __getitem__(self, name: str) -> T:
        if self._last is None or self._last[0] != name:
            self._last = None  # let go of the previous one first
            self._last = name, self._loaders[name]()
        return self._last[1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)


def sniff(source: Source) -> str | None:
    """The layout of one file by its content; None if it is none we know."""
    if source.suffix in (".xml", ".parquet"):
        return "hieve-xml" if source.suffix == ".xml" else "parquet"
    if source.suffix == ".json":
        return _sniff_json(source)
    head = source.read_bytes(HEAD_BYTES).decode("utf-8-sig", "replace")
    if source.suffix == ".csv":
        fields = head.lstrip().split("\n", 1)[0].split(",")
        if fields[:2] == ["sequence", "frame"]:
            return "csv"
        numeric = len(fields) > 1 and re.fullmatch(r"[-+0-9.eE ]+", fields[1])
        return "ava" if (numeric and 6 <= len(fields) <= 8) or not head.strip() else None
    if source.suffix == ".txt":
        first = head.strip().splitlines()[0].replace(",", " ").split() if head.strip() else []
        if first and not re.fullmatch(r"[-+0-9.eE]+|nan|inf", first[0]):
            return None
        base = guess_base(source.read_text(), source.name)
        return "mot" if base else "track1"
    return None


def _sniff_json(source: Source) -> str | None:
    head = source.read_bytes(HEAD_BYTES).decode("utf-8-sig", "replace").lstrip()
    if re.match(r'\{\s*"(hie|annolist)"\s*:', head):
        return "annolist"
    if re.match(r'\{\s*"annotation"\s*:', head):
        return "hieve-json"
    try:
        data = json.loads(source.read_text())
    except (ValueError, RecursionError):
        # Named as broken by its reader, which says where; every reader of JSON would.
        return "annolist" if '"annolist"' in head or not head else "coco"
    if isinstance(data, list):
        return "coco-results" if all(isinstance(r, dict) for r in data) else None
    if not isinstance(data, dict):
        return None
    if "annolist" in data:
        return "annolist"
    if isinstance(data.get("images"), list) and isinstance(data.get("annotations"), list):
        first_image = next(iter(data["images"]), None)
        tracked = isinstance(first_image, dict) and {"vid_id", "frame_id"} & first_image.keys()
        return "posetrack18" if tracked else "coco"
    return "hieve-json" if "annotation" in data else None


def select(path: Path, layout: str | None, allowed: tuple[str, ...]) -> tuple[str, list[Source]]:
    """The layout of the data at ``path`` and its files; ``layout`` overrides the detection.

    Raises InputError if there are none of the ``allowed`` layouts, or several without a choice;
    ConfigError for an unknown ``layout``.
    """
    if layout is not None and layout not in allowed:
        hint = nearest(layout, list(allowed))
        raise ConfigError(f"layout {layout!r} is none of {', '.join(allowed)}{hint}")
    found = find_sources(path)
    if layout is not None:
        suffix = _SUFFIXES.get(layout, ".json")
        files = [s for s in found if s.suffix == suffix]
        if len(files) > 1 and suffix == ".json":
            kin = "annolist" if layout == "posetrack17" else layout
            files = [s for s in files if sniff(s) == kin]
        files = _main_files(files)
        if not files:
            raise InputError(f"{path}: holds no {layout} files ({LAYOUTS[layout]})")
        return layout, files
    by_layout: dict[str, list[Source]] = {}
    for source in _main_files(_tree_part(found)):
        kind = sniff(source)
        if kind in allowed:
            by_layout.setdefault(kind, []).append(source)
    if not by_layout:
        tried = "; ".join(f"{name}: {LAYOUTS[name]}" for name in allowed)
        raise InputError(f"{path}: none of the known layouts (tried {tried})")
    if len(by_layout) > 1:
        kinds = ", ".join(sorted(by_layout))
        raise InputError(
            f"{path}: holds several layouts ({kinds}); choose one "
            "with --from (hie eval: --set truth_layout=... or results_layout=...)"
        )
    return by_layout.popitem()


def _tree_part(found: list[Source]) -> list[Source]:
    """Of a HiEve release, the files of its richest rendering; of anything else, all files."""
    for part in _TREE:
        chosen = [s for s in found if part in s.folders]
        others = [s for s in found if any(p in s.folders for p in _TREE if p != part)]
        if chosen and others:
            return chosen
    return found


def _main_files(found: list[Source]) -> list[Source]:
    """Of a MOTChallenge tree, the ``gt/gt.txt`` files; of anything else, all files."""
    truths = [s for s in found if s.name == "gt" and s.folder == "gt" and s.suffix == ".txt"]
    return truths or found


def sequence_name(source: Source) -> str:
    """The sequence a one-file-per-sequence layout keeps in ``source``.

    ``20.json`` -> 20; ``MOT16-04/gt/gt.txt`` -> MOT16-04; ``pets/gt.txt`` -> pets.
    """
    if source.name not in ("gt", "det") or not source.folders:
        return source.name
    if source.folder in ("gt", "det") and len(source.folders) > 1:
        return source.folders[-2]
    return source.folder


def by_name(files: list[Source]) -> dict[str, Source]:
    """One file per sequence. Raises InputError if two files claim the same sequence."""
    named: dict[str, Source] = {}
    for source in files:
        name = sequence_name(source)
        if name in named:
            raise InputError(
                f"{source.label}: sequence {name!r} is also in {named[name].label}; "
                "give the folder or file of one of them"
            )
        named[name] = source
    return named


def by_folder(files: list[Source], fallback: str) -> dict[str, list[Source]]:
    """Per-frame files by the folder they lie in; ``fallback`` names those at a zip's root."""
    folders: dict[str, list[Source]] = {}
    for source in files:
        folders.setdefault(source.folder or fallback, []).append(source)
    return folders


def refuse_twice(known: Mapping[str, object], found: Mapping[str, object], source: Source) -> None:
    """Refuse a file that holds a sequence which an earlier file held already."""
    again = sorted(known.keys() & found.keys())
    if again:
        raise InputError(
            f"{source.label}: sequence {again[0]!r} is also in another file; give one of them"
        )
