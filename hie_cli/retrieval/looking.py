"""Looking at the videos of an index, here or by workers; what was seen goes into its table."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hie_cli.core.errors import InputError, input_error, one_line
from hie_cli.core.progress import note
from hie_cli.formats.documents.document import Document
from hie_cli.pipeline.calls import Call, Outcome, run_calls
from hie_cli.pipeline.executors.engine import Engine
from hie_cli.retrieval.encoder import load_encoder
from hie_cli.retrieval.features import Describer
from hie_cli.retrieval.items import Item, Sampling, describe_video
from hie_cli.retrieval.store import ItemStore
from hie_cli.video.video_files import video_name

_DIGEST_PART = 1 << 20


@dataclass(frozen=True)
class IndexReport:
    """What ``build_index`` did.

    added, known: videos · failed: video and reason, of those left out · items: in the index now.
    """

    folder: Path
    added: list[str]
    known: list[str]
    failed: list[tuple[str, str]] = field(default_factory=list)
    items: int = 0


def content_digest(path: Path) -> str:
    """Of a file's size and its first and last MiB; of a folder, of its files' names and sizes."""
    digest = hashlib.sha256()
    if path.is_dir():
        for inner in sorted(p for p in path.iterdir() if p.is_file()):
            digest.update(os.fsencode(inner.name) + b"\0" + str(inner.stat().st_size).encode())
        return digest.hexdigest()
    size = path.stat().st_size
    digest.update(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(_DIGEST_PART))
        file.seek(max(0, size - _DIGEST_PART))
        digest.update(file.read(_DIGEST_PART))
    return digest.hexdigest()


@dataclass(frozen=True)
class Look:
    """How videos are looked at, as a worker process can be told it."""

    model: str
    device: str
    sampling: Sampling
    encoder: Path


def add_videos(
    store: ItemStore, videos: Sequence[Path], documents: dict[str, Path], look: Look,
    engine: Engine,
) -> IndexReport:  # fmt: skip
    """Put the items of new videos into the table, in the order of the videos.

    A video with the name of another one that is there already is left out: in results and cut
    lists, which name videos, the two could not be told apart.
    """
    report = IndexReport(store.path.parent, [], [])
    digests, names = store.digests(), store.names()
    paths = {video_name(path): path for path in videos}
    contents: dict[str, str] = {}  # digests of the new ones
    copies: dict[str, str] = {}  # of others with the same bytes
    begun: set[str] = set()
    calls: list[Call] = []

    def left_out(name: str, error: Exception) -> None:
        reason = one_line(error)
        if isinstance(error, OSError):
            reason = f"{paths[name]}: {error.strerror}"
        if len(videos) > 1 or len(store):
            note(f"left out: {reason}")
        report.failed.append((name, reason))

    def take(outcome: Outcome) -> None:
        name = outcome.name
        if outcome.error is not None:
            left_out(name, outcome.error)
            return
        fps, items = outcome.value
        store.add_video(name, contents[name], fps, max(i.end for i in items), items)
        digests.add(contents[name])
        report.added.append(name)

    for name, path in paths.items():
        try:
            digest = content_digest(path)
        except OSError as error:
            left_out(name, error)
            continue
        if digest in digests:
            report.known.append(name)
        elif name in names:
            fix = "rename it, or give it an index of its own"
            place = f"the index has another video of the name {name!r}"
            left_out(name, input_error(path, place, fix))
        elif digest in begun:
            copies[name] = digest
        else:
            begun.add(digest)
            contents[name] = digest
            calls.append(Call(name, _described, (path, look, documents.get(name))))
    run_calls(calls, engine, take)
    for name, digest in copies.items():
        if digest in digests:
            report.known.append(name)
        else:
            left_out(name, InputError(f"{paths[name]}: has the bytes of another that is left out"))
    return report


def _described(path: Path, look: Look, document: Path | None) -> tuple[float, list[Item]]:
    """A video's frames a second and its items. InputError where there is none."""
    describer = Describer(look.model, look.device)
    clip = load_encoder(look.encoder).clip if look.encoder.exists() else None
    people = None if document is None else Document(document)
    info, items = describe_video(path, describer, look.sampling, people, clip)
    if not items:
        levels, fix = ", ".join(look.sampling.levels), "persons need --documents with people"
        raise input_error(path, f"holds nothing of the levels {levels}", fix)
    return info.fps, items
