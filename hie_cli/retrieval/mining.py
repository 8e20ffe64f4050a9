"""The doors of ``hie mine``: paths as users give them, settings by keyword."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.core.errors import ConfigError
from hie_cli.formats.documents.document import Document
from hie_cli.pipeline.document_inputs import find_documents
from hie_cli.pipeline.executors.engine import Engine
from hie_cli.pipeline.inputs import Paths, path_texts
from hie_cli.retrieval.dedupe import DuplicateGroup, duplicates, without_duplicates
from hie_cli.retrieval.features import BACKBONE
from hie_cli.retrieval.index import IndexSettings, build_index
from hie_cli.retrieval.items import LEVELS, Level, Sampling
from hie_cli.retrieval.looking import IndexReport
from hie_cli.retrieval.nearest import KINDS, Kind
from hie_cli.retrieval.results import write_duplicates, write_results
from hie_cli.retrieval.search import Result, SearchSettings, search
from hie_cli.retrieval.shots import ShotSettings
from hie_cli.video.video_files import find_videos

_MOST = 86_400  # seconds, or frames a second


def mine_index(
    pool: Paths,
    *,
    output: Path | str = "out/index",
    documents: Paths = (),
    encoder: Path | str | None = None,
    bits: int | None = None,
    model: str | None = None,
    kind: str | None = None,
    levels: Sequence[str] = (),
    rate: float | None = None,
    every: float | None = None,
    longest: float | None = None,
    device: str = "auto",
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
) -> IndexReport:
    """Make an index of videos, or add to it; see ``retrieval.index.build_index``.

    pool: videos, folders, patterns · documents: their track or action documents, matched by name ·
    encoder: a folder of ``train_hash`` · bits, model, kind (flat, ivf, hnsw), levels (shots,
    frames, persons), rate (described frames a second), every (with an encoder of clips: seconds
    between the beginnings of clips), longest (seconds of a shot): of a new index · workers, engine,
    address: videos that are looked at at a time, and where (``executors.engine``).
    """
    where = Engine(workers, engine, address)
    settings = None
    given = (encoder, bits, model, kind, rate, every, longest)
    if levels or any(value is not None for value in given):
        if kind is not None and kind not in KINDS:
            raise ConfigError(f"--kind {kind}: expected {', '.join(KINDS)}")
        for level in levels:
            if level not in LEVELS:
                raise ConfigError(f"--level {level}: expected {', '.join(LEVELS)}")
        for name, value in (("rate", rate), ("every", every), ("longest", longest)):
            if value is not None and not 0 < value <= _MOST:
                raise ConfigError(f"--{name} {value}: expected more than 0, up to {_MOST}")
        shots = ShotSettings() if longest is None else ShotSettings(longest=longest)
        chosen: tuple[Level, ...] = tuple(level for level in LEVELS if level in levels)
        settings = IndexSettings(
            None if encoder is None else Path(encoder),
            IndexSettings.bits if bits is None else bits,
            model or BACKBONE,
            _kind(kind),
            Sampling(
                rate or Sampling.rate, every or Sampling.every, chosen or Sampling.levels, shots
            ),
        )
    named = by_name(documents)
    return build_index(
        find_videos(path_texts(pool)), Path(output), settings, documents=named, device=device,
        engine=where,
    )  # fmt: skip


def _kind(name: str | None) -> Kind:
    return next((kind for kind in KINDS if kind == name), "flat")


def mine_search(
    index: Path | str,
    like: Paths,
    *,
    output: Path | str | None = None,
    count: int = 50,
    documents: Paths = (),
    near: float = SearchSettings.near,
    diversity: float = SearchSettings.diversity,
    crowd: float = SearchSettings.crowd,
    own: bool = False,
    level: str | None = None,
    device: str = "auto",
) -> list[Result]:
    """The parts of an index most like clips or images; see ``retrieval.search.search``.

    level: shots, frames or persons, where the index has several · output: a folder for
    results.json, cuts.json and results.jpg.
    """
    settings = SearchSettings(count, near, own, diversity, crowd, level)
    queries = find_videos(path_texts(like))
    found = search(Path(index), queries, settings, documents=by_name(documents), device=device)
    if output is not None:
        write_results(Path(index), found, Path(output))
    return found


def mine_dedupe(
    index: Path | str,
    *,
    near: float = SearchSettings.near,
    level: str = "shots",
    output: Path | str | None = None,
) -> list[DuplicateGroup]:
    """Groups of near-duplicates in an index; see ``retrieval.dedupe.duplicates``.

    near: largest share of bits in which two codes may differ · level: shots, frames or persons ·
    output: a folder for duplicates.json and cuts.json, the pieces that no other one repeats.
    """
    folder = Path(index)
    groups = duplicates(folder, near, level)
    if output is not None:
        write_duplicates(groups, without_duplicates(folder, groups, level), Path(output))
    return groups


def by_name(documents: Paths) -> dict[str, Path]:
    """Stage documents by the name of their video."""
    found = {}
    for path in find_documents(path_texts(documents)) if documents else []:
        document = Document(path)
        found[document.header.video.name if document.header else path.stem] = path
    return found
