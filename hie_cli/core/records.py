"""Small JSON files of ours, such as cards: read, or refused whatever they hold."""

import json
from pathlib import Path
from typing import Any

from hie_cli.core.endless import is_endless

_MOST_BYTES = 16 << 20


def read_record(path: Path) -> Any:
    """The content of a small JSON file. Raises OSError, and ValueError where it is no such file."""
    if is_endless(path):
        raise ValueError("a pipe or device, not a file")
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES} bytes")
    try:
        return json.loads(data, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def texts(*values: Any) -> None:
    """Raises TypeError unless every value is a text."""
    if not all(isinstance(value, str) for value in values):
        raise TypeError("a text is missing")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")
