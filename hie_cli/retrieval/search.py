"""``hie mine search``: the parts of the pool that look like given clips or images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError, InputError, input_error
from hie_cli.formats.documents.document import Document
from hie_cli.retrieval import statistics
from hie_cli.retrieval.codes import hamming_distances
from hie_cli.retrieval.encoder import HashEncoder, load_encoder
from hie_cli.retrieval.features import Describer
from hie_cli.retrieval.index import ENCODER, content_digest, settings_of
from hie_cli.retrieval.items import Item, describe_video, items_of_image
from hie_cli.retrieval.nearest import NAME as CODES
from hie_cli.retrieval.nearest import NearestCodes
from hie_cli.retrieval.store import ItemStore, StoredItem
from hie_cli.video.images import IMAGE_ENDINGS
from hie_cli.video.sources import video_name


@dataclass(frozen=True)
class SearchSettings:
    """How results are chosen.

    count: how many · near: items within this share of the bits of one that is already in the
    result are its near-duplicates and left out; so are near-duplicates of the query itself where
    ``own`` is False · diversity: 0 ranks by likeness alone, 1 prefers what the result has nothing
    like yet · crowd: how much other crowd statistics count, as a share of the bits.
    """

    count: int = 50
    near: float = 0.05
    own: bool = False
    diversity: float = 0.0
    crowd: float = 0.1

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
        """For JSON; start and end in seconds and frames (start <= frame < end)."""
        item = self.item
        return {
            "video": item.video,
            "level": item.level,
            "start": round(item.start / item.fps, 3),
            "end": round(item.end / item.fps, 3),
            "frames": [item.start, item.end],
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
        if store.meta.get("indexed") != str(len(store)):
            raise InputError(f"{folder}: is not finished; run `hie mine index` on it again")
        encoder = load_encoder(folder / ENCODER)
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
            queries += [_Query(name, item) for item in items]
        digests = set() if settings.own else {content_digest(p) for p in like if p.exists()}
        nearest = NearestCodes.load(folder, chosen.kind, store.meta.get("codes_sha256", ""))
        return _ranked(store, nearest, encoder, queries, settings, digests)


def _ranked(
    store: ItemStore, nearest: NearestCodes, encoder: HashEncoder, queries: Sequence[_Query],
    settings: SearchSettings, own: set[str],
) -> list[Result]:  # fmt: skip
    numbers, codes = store.codes()
    if len(nearest) != len(numbers) or nearest.bits != 8 * codes.shape[1]:
        raise input_error(
            store.path.parent / CODES, "is not of these items", "run `hie mine index` again"
        )
    asked = encoder.encode(np.stack([query.item.vector for query in queries]))
    # Near-duplicates and the query's own video are left out of these.
    pool = min(len(numbers), max(200, 20 * settings.count))
    distances, positions = nearest.search(asked, pool)
    excluded = store.videos_of(own)
    best = _best_query(distances, positions, len(numbers))
    places = np.flatnonzero(best[0] < np.iinfo(np.int32).max)
    candidates = []
    for place, item in zip(places, store.items(numbers[places].tolist()), strict=True):
        query = queries[best[1][place]]
        if item.video_number in excluded:
            continue
        score = 1 - float(best[0][place]) / encoder.bits
        common: list[str] = []
        if item.statistics is not None and query.item.statistics is not None:
            apart = statistics.distance(item.statistics, query.item.statistics)
            score -= settings.crowd * min(apart, 1.0) if np.isfinite(apart) else 0.0
            common = statistics.in_common(item.statistics, query.item.statistics)
        found = Result(item, score, int(best[0][place]), (query.name, query.item.start), common)
        candidates.append((found, codes[place]))
    return _chosen(candidates, encoder.bits, settings, asked)


def _best_query(
    distances: NDArray[np.int32], positions: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """For each of ``count`` items the distance to its nearest query, and which query that is."""
    least = np.full(count, np.iinfo(np.int32).max, np.int32)
    which = np.zeros(count, np.int64)
    for query, (row, places) in enumerate(zip(distances, positions, strict=True)):
        known = places >= 0
        row, places = row[known], places[known]
        nearer = row < least[places]
        least[places[nearer]], which[places[nearer]] = row[nearer], query
    return least, which


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
    limit = settings.near * bits
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
