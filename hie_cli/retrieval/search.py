"""``hie mine search``: the parts of the pool that look like given clips or images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError, InputError, input_error
from hie_cli.core.progress import note
from hie_cli.formats.documents.document import Document
from hie_cli.retrieval import statistics
from hie_cli.retrieval.codes import hamming_distances
from hie_cli.retrieval.encoder import HashEncoder
from hie_cli.retrieval.features import Describer
from hie_cli.retrieval.index import load_codes, own_encoder, settings_of
from hie_cli.retrieval.items import Item, describe_video, items_of_image
from hie_cli.retrieval.looking import content_digest
from hie_cli.retrieval.nearest import NAME as CODES
from hie_cli.retrieval.nearest import NearestCodes
from hie_cli.retrieval.store import ItemStore, StoredItem
from hie_cli.video.images import IMAGE_ENDINGS
from hie_cli.video.video_files import video_name


@dataclass(frozen=True)
class SearchSettings:
    """How results are chosen.

    count: how many · near: items within this share of the bits of one that is already in the
    result are its near-duplicates and left out; so are near-duplicates of the query itself where
    ``own`` is False; 0 leaves out none · diversity: 0 ranks by likeness alone, 1 prefers what the
    result has nothing like yet · crowd: how much other crowd statistics count, as a share of the
    bits · level: only items of this one, None for all that the index has.
    """

    count: int = 50
    near: float = 0.05
    own: bool = False
    diversity: float = 0.0
    crowd: float = 0.1
    level: str | None = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ConfigError(f"-k {self.count}: expected 1 or more")
        for name in ("near", "diversity", "crowd"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"--{name} {getattr(self, name)}: expected 0 to 1")


@dataclass(frozen=True)
class Result:
    """One part of the pool.

    score: 1 for equal codes and crowds, 0 for opposite ones · distance: in bits to the nearest
    query · query: that query's name and first frame · common: crowd statistics alike in both.
    """

    item: StoredItem
    score: float
    distance: int
    query: tuple[str, int]
    common: list[str]

    def record(self) -> dict[str, Any]:
        """For JSON; see ``StoredItem.place``."""
        item = self.item
        return item.place() | {
            "box": None if item.box is None else [round(v, 1) for v in item.box],
            "score": round(self.score, 4),
            "distance": self.distance,
            "nearest_query": {"name": self.query[0], "frame": self.query[1]},
            "statistics": None if item.statistics is None else item.statistics.record(),
            "in_common": self.common,
        }


@dataclass(frozen=True)
class _Query:
    name: str
    item: Item


def search(
    folder: Path,
    like: Sequence[Path],
    settings: SearchSettings = SearchSettings(),
    *,
    documents: dict[str, Path] | None = None,
    device: str = "auto",
) -> list[Result]:
    """The parts of an index most like the clips and images ``like``, best first.

    documents: of the queries, by name, for their crowd statistics. Raises InputError for an index
    or query that cannot be read, ModelError where the index's backbone is not the installed one.
    """
    with ItemStore(folder) as store:
        chosen = settings_of(store)
        if settings.level is not None and settings.level not in chosen.sampling.levels:
            levels = ", ".join(chosen.sampling.levels)
            raise ConfigError(f"--level {settings.level}: the index holds {levels}")
        nearest = load_codes(store, folder, chosen.kind)
        if len(nearest) < len(store):
            left = len(store) - len(nearest)
            note(f"{folder}: {left} items are not found yet; run `hie mine index` on it again")
        encoder = own_encoder(store, folder)
        describer = Describer(chosen.model, device)
        if describer.sha256 != encoder.backbone_sha256:
            raise InputError(
                f"{folder}: made with another {describer.name} (sha256"
                f" {encoder.backbone_sha256[:12]}...); make the index anew"
            )
        queries = []
        for path in like:
            if path.suffix.lower() in IMAGE_ENDINGS:
                queries += [
                    _Query(path.stem, item)
                    for item in items_of_image(path, describer, encoder.clip)
                ]
                continue
            name = video_name(path)
            document = Document(documents[name]) if documents and name in documents else None
            _, items = describe_video(path, describer, chosen.sampling, document, encoder.clip)
            items = [item for item in items if settings.level in (None, item.level)]
            queries += [_Query(name, item) for item in items]
        if not queries:
            raise InputError(
                f"{like[0]}: holds nothing of the index's levels; persons need --documents"
            )
        digests = set() if settings.own else {content_digest(p) for p in like if p.exists()}
        several = len(chosen.sampling.levels) > 1 and settings.level is not None
        pool = len(nearest) if several else max(200, 20 * settings.count)
        return _ranked(store, nearest, encoder, queries, settings, digests, pool)


def _ranked(
    store: ItemStore, nearest: NearestCodes, encoder: HashEncoder, queries: Sequence[_Query],
    settings: SearchSettings, own: set[str], pool: int,
) -> list[Result]:  # fmt: skip
    """The results; near-duplicates, the query's own video and other levels leave the ``pool``."""
    if len(nearest) > store.last_number() or nearest.bits != encoder.bits:
        raise input_error(
            store.path.parent / CODES, "is not of these items", "run `hie mine index` again"
        )
    asked = encoder.encode(np.stack([query.item.vector for query in queries]))
    distances, positions = nearest.search(asked, pool)
    excluded = store.videos_of(own)
    places, least, which = _best_query(distances, positions)
    numbers = (places + 1).tolist()  # items are numbered from 1 in the order of their codes
    candidates = []
    rows = zip(store.items(numbers), store.codes_of(numbers), least, which, strict=True)
    for item, code, bits_apart, best in rows:
        query = queries[best]
        if item.video_number in excluded or settings.level not in (None, item.level):
            continue
        score = 1 - float(bits_apart) / encoder.bits
        common: list[str] = []
        if item.statistics is not None and query.item.statistics is not None:
            apart = statistics.distance(item.statistics, query.item.statistics)
            score -= settings.crowd * min(apart, 1.0) if np.isfinite(apart) else 0.0
            common = statistics.in_common(item.statistics, query.item.statistics)
        found = Result(item, score, int(bits_apart), (query.name, query.item.start), common)
        candidates.append((found, code))
    return _chosen(candidates, encoder.bits, settings, asked)


def _best_query(
    distances: NDArray[np.int32], positions: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Of all items found (M,): positions, distances to the nearest query, and which one it is.

    distances, positions: (Q, k) of a search, -1 where fewer were found.
    """
    queries = np.broadcast_to(np.arange(len(positions))[:, None], positions.shape)
    order = np.lexsort((queries.ravel(), distances.ravel(), positions.ravel()))
    places, first = np.unique(positions.ravel()[order], return_index=True)
    places, chosen = places[places >= 0], order[first[places >= 0]]
    return places, distances.ravel()[chosen], queries.ravel()[chosen]


def _chosen(
    candidates: list[tuple[Result, NDArray[np.uint8]]], bits: int, settings: SearchSettings,
    asked: NDArray[np.uint8],
) -> list[Result]:  # fmt: skip
    """The best ``count`` without near-duplicates, one after another.

    With diversity d each next one is the best by score - d * (likeness to what is chosen).
    """
    if not candidates:
        return []
    codes = np.stack([code for _, code in candidates])
    scores = np.array([result.score for result, _ in candidates])
    limit = settings.near * bits if settings.near else -1.0
    free = np.ones(len(candidates), bool)
    if not settings.own:
        free &= hamming_distances(codes, asked).min(axis=1) > limit
    alike = np.zeros(len(candidates))
    taken: list[Result] = []
    while free.any() and len(taken) < settings.count:
        value = np.where(free, scores - settings.diversity * alike, -np.inf)
        best = int(value.argmax())
        taken.append(candidates[best][0])
        apart = hamming_distances(codes[best : best + 1], codes)[0]
        free &= apart > limit
        free[best] = False
        alike = np.maximum(alike, 1 - apart / bits)
    return taken
