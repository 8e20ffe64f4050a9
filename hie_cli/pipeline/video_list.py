"""Lists of videos that a user passes: text, csv or parquet, with options for each video.

A text file holds a path a line. A table has the column ``video``, and may have ``frames``,
``begin`` and ``end`` (as the options of those names) and settings by their dotted names, such as
``detect.min_score``; an empty cell leaves what the command says. Addresses
(``storage``) are fetched; paths are seen from the list's folder. What a list is, its ending says.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hie_cli.core import libraries
from hie_cli.core.config import overlay, parse_set
from hie_cli.core.errors import ConfigError, InputError, input_error
from hie_cli.formats.cells import plain
from hie_cli.formats.files import read_text, refuse_endless
from hie_cli.pipeline.settings import ChainConfig
from hie_cli.pipeline.video_pieces import listed_piece
from hie_cli.video.cuts import Piece
from hie_cli.video.frame_range import ALL_FRAMES, FrameRange, parse_range

_RANGE = ("frames", "begin", "end")


@dataclass(frozen=True)
class Listed:
    """A video of a list, and the configuration it is to be run with."""

    piece: Piece
    config: ChainConfig


def read_list(path: Path, config: ChainConfig, frames: FrameRange = ALL_FRAMES) -> list[Listed]:
    """The videos of a list, in its order, each once; those that say nothing else: ``frames`` of it,
    with ``config``.

    Raises InputError for a list that cannot be read, ConfigError for settings or frames that make
    no sense and for two videos of one name, naming the line.
    """
    found: dict[str, Listed] = {}
    for place, row in _rows(path):
        where = f"{path}: {place}"
        text = row.get("video", "")
        if not text or "\0" in text:
            raise InputError(f"{where}: names no video; expected a path in the column 'video'")
        listed = Listed(
            listed_piece(text, path.parent, _frames(row, where, frames)),
            _config(row, where, config),
        )
        other = found.setdefault(listed.piece.name, listed)
        if other is not listed and other != listed:
            raise ConfigError(
                f"{where}: {text} shares the name {listed.piece.name!r} with an earlier line; "
                "rename one or run apart"
            )
    if not found:
        raise input_error(path, "names no video", "expected one a line")
    return list(found.values())


def _frames(row: Mapping[str, str], where: str, frames: FrameRange) -> FrameRange:
    if not any(row.get(key) for key in _RANGE):
        return frames
    try:
        return parse_range(
            row.get("frames") or ":", row.get("begin") or None, row.get("end") or None
        )
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _config(row: Mapping[str, str], where: str, config: ChainConfig) -> ChainConfig:
    for key, value in row.items():
        if key in ("video", *_RANGE) or not value:
            continue
        if "." not in key:
            raise ConfigError(
                f"{where}: column {key!r} is no option of a video; known: video, "
                f"{', '.join(_RANGE)}, and settings such as detect.min_score"
            )
        config = overlay(config, parse_set(f"{key}={value}"), where)
    return config


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each entry's place in the list, and its cells as texts."""
    ending = path.suffix.lower()
    if ending == ".parquet":
        yield from _parquet_rows(path)
        return
    lines = read_text(path).splitlines()
    if ending != ".csv":
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield f"line {number}", {"video": line.strip()}
        return
    reader = csv.DictReader(lines, strict=True)
    try:
        if "video" not in (reader.fieldnames or ()):
            raise input_error(path, "line 1: no column 'video'", "name it in the first line")
        for record in reader:
            place = f"line {reader.line_num}"
            if None in record or None in record.values():
                raise input_error(path, place, "has more or fewer cells than the first line")
            yield place, {key: plain(value.strip()) for key, value in record.items()}
    except csv.Error as error:
        raise input_error(path, f"line {reader.line_num}: {error}", "expected csv") from None


def _parquet_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    arrow = libraries.pyarrow()
    try:
        refuse_endless(path)
        table = arrow.parquet.read_table(path, partitioning=None)
        if "video" not in table.column_names:
            raise input_error(path, "no column 'video'", "expected the videos' paths there")
        records = table.to_pylist()
    except FileNotFoundError:
        raise input_error(path, "no such file", "check the path") from None
    except (OSError, arrow.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise input_error(path, f"not a parquet file ({reason})", "write it anew") from None
    for number, record in enumerate(records, 1):
        yield f"row {number}", {key: _text(value) for key, value in record.items()}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
