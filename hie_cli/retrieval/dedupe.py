"""``hie mine dedupe``: which parts of a pool show the same thing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError
from hie_cli.retrieval.codes import hamming_distances
from hie_cli.retrieval.index import settings_of
from hie_cli.retrieval.store import ItemStore, StoredItem

_BLOCK = 512
_ALIKE = 0.95  # cosine of the vectors, which decides among codes that are near


@dataclass(frozen=True)
class DuplicateGroup:
    """Items that are near-duplicates of ``kept``, the longest, the first of equals."""

    kept: StoredItem
    others: list[StoredItem]

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {"kept": _place(self.kept), "duplicates": [_place(item) for item in self.others]}


def _place(item: StoredItem) -> dict[str, Any]:
    return {
        "video": item.video,
        "level": item.level,
        "start": round(item.start / item.fps, 3),
        "end": round(item.end / item.fps, 3),
        "frames": [item.start, item.end],
    }


def duplicates(folder: Path, near: float = 0.05, level: str = "shots") -> list[DuplicateGroup]:
    """Groups of near-duplicates of one level in an index.

    near: largest share of bits in which two codes may differ; their vectors must have a cosine of
    .95 as well. Groups are connected: each is within reach of another one of its group.
    """
    if not 0 <= near < 0.5:
        raise ConfigError(f"--near {near}: expected 0 to below 0.5")
    with ItemStore(folder) as store:
        levels = settings_of(store).sampling.levels
        if level not in levels:
            raise ConfigError(f"--level {level}: the index holds {', '.join(levels)}")
        numbers, codes = store.codes()
        kept = [k for k, item in enumerate(store.items(numbers.tolist())) if item.level == level]
        numbers, codes = numbers[kept], codes[kept]
        leaders = _connected(codes, near * 8 * codes.shape[1], store, numbers)
        groups = []
        for leader in np.unique(leaders):
            members = np.flatnonzero(leaders == leader)
            if len(members) > 1:
                items = store.items(numbers[members].tolist())
                items.sort(key=lambda item: (item.start - item.end, item.number))
                groups.append(DuplicateGroup(items[0], items[1:]))
        return groups


def _connected(
    codes: NDArray[np.uint8], limit: float, store: ItemStore, numbers: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each item the lowest position in its group."""
    parent = np.arange(len(codes))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = int(parent[k])
        return k

    for first in range(0, len(codes), _BLOCK):
        block = codes[first : first + _BLOCK]
        rows, columns = np.nonzero(hamming_distances(block, codes) <= limit)
        for a, b in zip((rows + first).tolist(), columns.tolist(), strict=True):
            if a < b and root(a) != root(b):
                x, y = store.vectors([int(numbers[a]), int(numbers[b])])
                if float(x @ y) >= _ALIKE:
                    parent[max(root(a), root(b))] = min(root(a), root(b))
    return np.array([root(k) for k in range(len(codes))], np.int64)
