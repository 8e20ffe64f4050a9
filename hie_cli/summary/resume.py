"""What was made before: whether it is of the same input and settings, so that it can be kept."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.formats.documents.document import Document
from hie_cli.formats.files import read_json, taken
from hie_cli.pipeline.run_records import fingerprint
from hie_cli.summary.results import VideoSummary, parsed


def check_free(record: Path, *, resume: bool, overwrite: bool) -> None:
    """ConfigError where ``record`` is there already, unless it may be kept or replaced."""
    if resume and overwrite:
        raise ConfigError("--resume and --overwrite exclude each other")
    if taken(record) and not (resume or overwrite):
        raise ConfigError(f"{record}: already there; --resume, --overwrite or another --output")


def origin(
    videos: Iterable[Path], documents: Iterable[Document | None], settings: Mapping[str, object]
) -> str:
    """A digest of videos, their documents and settings: what is of equal ones is equal."""
    held = [document and _digest(document.source.read_bytes()) for document in documents]
    told = [[fingerprint(video) for video in videos], held, dict(settings)]
    return _digest(json.dumps(told, sort_keys=True).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def kept(place: Path, record: Path, made_of: str) -> VideoSummary | None:
    """The summary in ``place`` where its ``record`` is of this origin and all its files are there;
    None where it has to be made.
    """
    try:
        summary = parsed(read_json(record), place)
    except (InputError, ValueError, TypeError, KeyError, OverflowError):
        return None
    there = all(path.is_file() for path in summary.files)
    return summary if there and summary.origin == made_of else None
