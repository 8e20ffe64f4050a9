"""``summary.json``: what all runs into one folder made, a record a video."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hie_cli.core.config import as_dict
from hie_cli.core.endless import is_endless
from hie_cli.core.text import encodable
from hie_cli.core.version import __version__
from hie_cli.formats.files import write_error, write_json
from hie_cli.formats.locks import Lock
from hie_cli.pipeline.settings import ChainConfig

NAME = "summary.json"
_PATIENCE = 60.0  # seconds; others hold it for an instant


def summary(
    records: Sequence[dict[str, Any]], stages: Sequence[str], config: ChainConfig
) -> dict[str, Any]:
    """One run: its stages, its configuration and a record for each video."""
    run = {
        "hie": __version__,
        "stages": list(stages),
        "config": as_dict(config),
        "videos": list(records),
        "failed": sum(record["status"] != "ok" for record in records),
    }
    found: dict[str, Any] = encodable(run)
    return found


def write_summary(folder: Path, run: dict[str, Any]) -> None:
    """Write ``summary.json`` of a run; records of other videos that are there already stay.

    ``stages`` and ``config`` are those of the last run; each document's header has its own.
    Raises ConfigError if the folder cannot be written.
    """
    path = folder / NAME
    new = {record["name"] for record in run["videos"]}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with Lock(path, _PATIENCE):
            videos = [r for r in _records(path) if r.get("name") not in new] + run["videos"]
            videos.sort(key=lambda record: str(record.get("name")))
            failed = sum(record.get("status") != "ok" for record in videos)
            write_json(path, run | {"videos": videos, "failed": failed})
    except OSError as error:
        raise write_error(path, error) from None


def _records(path: Path) -> list[dict[str, Any]]:
    """The records of a summary that is there; none if it is not, or is none of ours."""
    try:
        if is_endless(path):
            return []
        held = json.loads(path.read_text(encoding="utf-8"))
        return [record for record in held["videos"] if isinstance(record, dict)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
