"""Models in the folders that ``hie train detect`` and ``hie train pose`` write.

``weights.safetensors`` and beside it ``card.json``: what it is (a manifest, ``manifest.Manifest``,
with the calibration fitted on validation), was trained on and reached.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hie_cli.core.errors import ModelError
from hie_cli.core.records import read_record
from hie_cli.models import manifest
from hie_cli.models.spec import ModelSpec

CARD, WEIGHTS = "card.json", "weights.safetensors"


@dataclass(frozen=True)
class Card:
    """manifest: keys of ``manifest.Manifest`` · data, numbers, config: for people."""

    task: str
    manifest: dict[str, Any]
    data: str = ""
    numbers: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """As it is written."""
        return json.dumps(dataclasses.asdict(self), indent=1) + "\n"


def find(name: str) -> ModelSpec | None:
    """The model in the folder ``name``; None where there is none, ModelError for a damaged one."""
    path = Path(name) / CARD
    try:
        record = read_record(path) if path.is_file() else None
    except (OSError, ValueError):
        raise ModelError(f"{path}: not a model card; train the model anew") from None
    if not isinstance(record, Mapping) or "manifest" not in record:
        return None
    return dataclasses.replace(
        _described(record, path).spec(path.parent), name=name, summary="trained"
    )


def _described(record: Mapping[str, Any], path: Path) -> manifest.Described:
    values = record["manifest"]
    if not isinstance(values, Mapping):
        raise ModelError(f"{path}: manifest: no mapping; train the model anew")
    found = manifest.parse(values, str(path))
    if found.layout is not None:
        raise ModelError(f"{path}: manifest: like: missing; train the model anew")
    task = manifest.packaged(found.manifest.like).task
    if record.get("task") != task:
        raise ModelError(f"{path}: task: {str(record.get('task'))[:40]!r}, expected {task!r}")
    return found
