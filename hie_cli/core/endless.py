"""Paths that may have no end, or never begin: pipes and devices."""

import stat
from pathlib import Path


def is_endless(path: Path) -> bool:
    """Whether ``path`` is a pipe, a device or a socket. Raises OSError where it is missing."""
    mode = path.stat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
