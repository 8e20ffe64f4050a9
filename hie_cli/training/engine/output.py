"""The folder a training writes: nothing of an older model is lost before there is something new."""

from collections.abc import Sequence
from pathlib import Path

from hie_cli.core.errors import ConfigError
from hie_cli.formats.files import require_writable, taken


def check_output(folder: Path, results: Sequence[str], *, resume: bool, overwrite: bool) -> None:
    """Raise ConfigError for a folder that cannot be written, or holds a model already.

    results: the files by which a trained model is known.
    """
    if resume and overwrite:
        raise ConfigError("--resume and --overwrite exclude each other")
    there = [folder / name for name in results if taken(folder / name)]
    if there and not (resume or overwrite):
        raise ConfigError(f"{there[0]}: already there; --resume, --overwrite or another --output")
    require_writable(folder)


def remove_previous(folder: Path, results: Sequence[str]) -> None:
    """Take away the model that is replaced; to be called when data and settings are known good."""
    for name in results:
        (folder / name).unlink(missing_ok=True)
