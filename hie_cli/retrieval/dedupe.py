"""``hie mine dedupe``: which parts of a pool show the same thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError
from hie_cli.retrieval.codes import hamming_distances
from hie_cli.retrieval.index import settings_of
from hie_cli.retrieval.items import LEVELS
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
        return {
            "kept": self.kept.place(),
            "duplicates": [item.place() for item in self.others],
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
        chosen = [each for each in levels if each == level]
        if not chosen:
            raise ConfigError(f"--level {level}: the index holds {', '.join(levels)}")
        numbers, codes = store.codes()
        kept = np.isin(numbers, [item.number for item in store.of_level(chosen[0])])
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


def without_duplicates(
    folder: Path, groups: Sequence[DuplicateGroup], level: str
) -> list[StoredItem]:
    """The items of one level of an index that are no duplicate of another one, in their order."""
    others = {item.number for group in groups for item in group.others}
    with ItemStore(folder) as store:
        items = [item for each in LEVELS if each == level for item in store.of_level(each)]
    return [item for item in items if item.number not in others]


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
        block = slice(first, first + _BLOCK)
        vectors = store.vectors(numbers[block].tolist())
        for second in range(first, len(codes), _BLOCK):
            other = slice(second, second + _BLOCK)
            near = hamming_distances(codes[block], codes[other]) <= limit
            columns = np.flatnonzero(near.any(axis=0))
            if not len(columns):
                continue
            alike = vectors @ store.vectors(numbers[other][columns].tolist()).T >= _ALIKE
            for row, column in np.argwhere(near[:, columns] & alike).tolist():
                a, b = root(first + row), root(second + int(columns[column]))
                parent[max(a, b)] = min(a, b)
    return np.array([root(k) for k in range(len(codes))], np.int64)
