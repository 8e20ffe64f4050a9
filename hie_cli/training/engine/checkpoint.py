"""Checkpoints: all that an interrupted training needs to go on exactly where it was."""

import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import torch

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.formats.files import atomic_write

NAME = "last.pt"
# What reading a damaged or foreign file can raise.
BROKEN = (
    AttributeError,
    RuntimeError,
    LookupError,
    OSError,
    EOFError,
    TypeError,
    ValueError,
    struct.error,
    pickle.UnpicklingError,
)


def foreign(folder: Path) -> InputError:
    """The error of a file that something else wrote."""
    return InputError(f"{folder / NAME}: damaged, or no checkpoint of this program; remove it")


def save(folder: Path, settings: str, state: dict[str, Any]) -> None:
    """Write ``folder``/last.pt, at once or not at all."""
    path = folder / NAME
    with atomic_write(path, "wb") as file:
        try:
            torch.save({**state, "settings": settings}, file)
        except RuntimeError:  # torch's own, in place of the system's error
            raise ConfigError(
                f"{path}: cannot be written (disk full?); --resume goes on from the one before"
            ) from None


def load(folder: Path, settings: str) -> dict[str, Any] | None:
    """The checkpoint, or None if there is none yet.

    Only tensors and plain values are unpickled. InputError for a damaged file or other settings.
    """
    path = folder / NAME
    if not path.exists():
        return None
    if not zipfile.is_zipfile(path):
        raise foreign(folder)
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        made_with = state["settings"]
    except BROKEN:
        raise foreign(folder) from None
    if made_with != settings:
        of = f" ({', '.join(names)})" if (names := _different(made_with, settings)) else ""
        raise InputError(f"{path}: made with other settings{of}; use the same, or another --output")
    return state


def _different(one: Any, other: str) -> list[str]:
    """The settings by name, of two fingerprints in JSON, that are not equal."""
    try:
        before, now = json.loads(one), json.loads(other)
        return sorted(key for key in before.keys() | now if before.get(key) != now.get(key))
    except (TypeError, ValueError, AttributeError):
        return []
