"""The index's table of items: one SQLite file, written video by video.

Videos are known by name, size and a digest of their content; where they lie is not kept, so that
nothing read from an index is ever opened.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError, InputError, input_error
from hie_cli.core.types import FloatArray
from hie_cli.retrieval.items import LEVELS, Item, Level
from hie_cli.retrieval.statistics import CrowdStatistics

NAME = "items.sqlite"
VERSION = 1
_BLOCK = 500  # items asked for at once
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE videos (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, fps REAL NOT NULL,
    frames INTEGER NOT NULL
);
CREATE TABLE items (
    id INTEGER PRIMARY KEY, video INTEGER NOT NULL REFERENCES videos(id), level TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, box TEXT, statistics TEXT, code BLOB,
    vector BLOB NOT NULL, thumbnail BLOB NOT NULL
);
"""


@dataclass(frozen=True)
class StoredItem:
    """An item as the index knows it: ``video`` by name; frames start <= index < end."""

    number: int
    video_number: int
    video: str
    fps: float
    level: Level
    start: int
    end: int
    box: tuple[float, ...] | None
    statistics: CrowdStatistics | None

    def place(self) -> dict[str, Any]:
        """Where it is, for JSON: start and end in seconds and frames (start <= frame < end)."""
        return {
            "video": self.video,
            "level": self.level,
            "start": round(self.start / self.fps, 3),
            "end": round(self.end / self.fps, 3),
            "frames": [self.start, self.end],
        }


class ItemStore:
    """Open table of an index. Use as a context manager; InputError for a file of another kind."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.path = folder / NAME
        if create and not self.path.exists():
            self._create()
        try:
            if not self.path.is_file():
                raise input_error(self.path, "no such file", "give a folder of `hie mine index`")
            self.connection = sqlite3.connect(self.path.absolute().as_uri() + "?mode=rw", uri=True)
            self.connection.execute("PRAGMA synchronous = FULL")
            meta = dict(self.connection.execute("SELECT key, value FROM meta").fetchall())
        except sqlite3.Error:
            raise self._damaged() from None
        if meta.get("version") != str(VERSION):
            raise input_error(self.path, f"version {meta.get('version')}", f"expected {VERSION}")
        self.meta: dict[str, str] = meta

    def _create(self) -> None:
        try:
            connection = sqlite3.connect(self.path)
            with connection:
                connection.executescript("BEGIN;" + _TABLES)
                connection.execute("INSERT INTO meta VALUES ('version', ?)", (str(VERSION),))
            connection.close()
        except sqlite3.Error as error:
            raise ConfigError(f"{self.path}: cannot be written ({error})") from None

    def _damaged(self) -> InputError:
        return input_error(
            self.path, "not an index, or damaged", "make it anew with `hie mine index`"
        )

    def __enter__(self) -> "ItemStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is kept, or nothing. ConfigError where the disk is full."""
        try:
            with self.connection:
                yield self.connection
        except sqlite3.Error as error:
            raise ConfigError(
                f"{self.path}: cannot be written ({error}); the index is as it was"
            ) from None

    def remember(self, **values: str) -> None:
        """Keep values in the table ``meta``."""
        with self.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items())
            )
        self.meta.update(values)

    def digests(self) -> set[str]:
        """Of the videos that are there."""
        return {row[0] for row in self._rows("SELECT digest FROM videos")}

    def names(self) -> set[str]:
        """Of the videos that are there."""
        return {str(row[0]) for row in self._rows("SELECT name FROM videos")}

    def add_video(
        self, name: str, digest: str, fps: float, frames: int, items: Sequence[Item]
    ) -> None:
        """One video with all its items, which have no codes yet."""
        with self.writing() as connection:
            cursor = connection.execute(
                "INSERT INTO videos (name, digest, fps, frames) VALUES (?, ?, ?, ?)",
                (name, digest, fps, frames),
            )
            video = cursor.lastrowid
            connection.executemany(
                "INSERT INTO items (video, level, first, last, box, statistics, vector, thumbnail)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(video, *_row(item)) for item in items],
            )

    def without_code(self, most: int = 10_000) -> list[int]:
        """Numbers of up to ``most`` items that have no code yet."""
        query = "SELECT id FROM items WHERE code IS NULL ORDER BY id LIMIT ?"
        return [row[0] for row in self._rows(query, (most,))]

    def set_codes(self, numbers: Sequence[int], codes: NDArray[np.uint8]) -> None:
        """Give the items of those numbers their codes (N, bytes)."""
        rows = [(code.tobytes(), n) for code, n in zip(codes, numbers, strict=True)]
        with self.writing() as connection:
            connection.executemany("UPDATE items SET code = ? WHERE id = ?", rows)

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(query, values).fetchall()
        except sqlite3.Error:
            raise self._damaged() from None

    def videos_of(self, digests: set[str]) -> set[int]:
        """The numbers of the videos with those digests."""
        rows = self._rows("SELECT id, digest FROM videos")
        return {int(number) for number, digest in rows if digest in digests}

    def __len__(self) -> int:
        return int(self._rows("SELECT COUNT(*) FROM items")[0][0])

    def last_number(self) -> int:
        """N of N items, which are numbered from 1, as none is ever removed. InputError else."""
        count, last = self._rows("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM items")[0]
        if count != last:
            raise self._damaged()
        return int(last)

    def codes_of(self, numbers: Sequence[int]) -> NDArray[np.uint8]:
        """Packed codes (N, bytes) of those items."""
        rows = self._by_number("SELECT id, code FROM items WHERE id IN", numbers)
        return self._packed([row[1] for row in rows])

    def _packed(self, codes: Sequence[Any]) -> NDArray[np.uint8]:
        width = int(self.meta.get("bits", "0")) // 8
        if any(not isinstance(code, bytes) or len(code) != width for code in codes):
            raise self._damaged()
        return np.frombuffer(b"".join(codes), np.uint8).reshape(len(codes), width)

    def codes(self) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """(numbers (N,), codes (N, bytes)) of all items, in the order they were added."""
        rows = self._rows("SELECT id, code FROM items WHERE code IS NOT NULL ORDER BY id")
        return np.array([row[0] for row in rows], np.int64), self._packed([row[1] for row in rows])

    def items(self, numbers: Sequence[int]) -> list[StoredItem]:
        """The items of those numbers, in that order."""
        columns = "items.id, videos.id, name, fps, level, first, last, box, statistics"
        join = "items JOIN videos ON videos.id = items.video"
        found = self._by_number(f"SELECT {columns} FROM {join} WHERE items.id IN", numbers)
        return [self._item(row) for row in found]

    def of_level(self, level: Level) -> list[StoredItem]:
        """All items of one level, in the order they were added."""
        query = "SELECT id FROM items WHERE level = ? ORDER BY id"
        return self.items([row[0] for row in self._rows(query, (level,))])

    def _by_number(self, query: str, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
        """A row, which begins with its number, for each of ``numbers``, asked for in blocks.

        Raises InputError where one is not there.
        """
        rows: dict[int, tuple[Any, ...]] = {}
        for first in range(0, len(numbers), _BLOCK):
            block = [int(number) for number in numbers[first : first + _BLOCK]]
            marks = ", ".join("?" * len(block))
            rows.update((row[0], row) for row in self._rows(f"{query} ({marks})", block))
        try:
            return [rows[int(number)] for number in numbers]
        except KeyError:
            raise self._damaged() from None

    def _item(self, row: tuple[Any, ...]) -> StoredItem:
        try:
            number, video, name, fps, level, first, last, box, statistics = row
            if level not in LEVELS:
                raise ValueError
            return StoredItem(
                int(number), int(video), str(name), float(fps), level, int(first), int(last),
                None if box is None else tuple(float(v) for v in json.loads(box)),
                None if statistics is None else CrowdStatistics.of_record(json.loads(statistics)),
            )  # fmt: skip
        except (ValueError, TypeError, AttributeError):
            raise self._damaged() from None

    def vectors(self, numbers: Sequence[int]) -> FloatArray:
        """(N, D) of those items."""
        rows = self._by_number("SELECT id, vector FROM items WHERE id IN", numbers)
        try:
            return np.stack([np.frombuffer(row[1], np.float16) for row in rows]).astype(np.float32)
        except (ValueError, TypeError):
            raise self._damaged() from None

    def thumbnail(self, number: int) -> bytes:
        """JPEG of an item."""
        rows = self._rows("SELECT thumbnail FROM items WHERE id = ?", (int(number),))
        return bytes(rows[0][0]) if rows else b""


def _row(item: Item) -> tuple[Any, ...]:
    return (
        item.level,
        item.start,
        item.end,
        None if item.box is None else json.dumps(item.box),
        None if item.statistics is None else json.dumps(item.statistics.record()),
        item.vector.astype(np.float16).tobytes(),
        item.thumbnail,
    )
