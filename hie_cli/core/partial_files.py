"""Names of unfinished files: beside the target, hidden, and each writer's own.

Two writers never share bytes, and what a killed one left is known by its name.
"""

import glob
import secrets
from pathlib import Path


def partial_path(path: Path, ending: str = "") -> Path:
    """A new name ``.NAME.MARK.partial`` for the unfinished ``path``; ``ending``, such as ``.mp4``,
    for programs that go by it.
    """
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial{ending}")


def partial_paths(path: Path, ending: str = "") -> list[Path]:
    """The unfinished files of ``path`` that are there, of whatever writers."""
    return sorted(path.parent.glob(f".{glob.escape(path.name)}.*.partial{ending}"))
