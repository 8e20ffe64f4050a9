"""What counts as an address of stored files, and how its parts are put together."""

import os
import re
from urllib.parse import unquote, urlsplit

from hie_cli.core.errors import ConfigError

# Addresses of live sources (``video.addresses``), which are played and not fetched.
_LIVE = ("rtsp", "rtsps", "http", "https")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def is_address(text: str) -> bool:
    """Whether ``text`` is an address of stored files; what exists as a file is none.

    ``file://`` is one, too, until ``local_path`` has made a path of it.
    """
    found = _SCHEME.match(text)
    return found is not None and found[1].lower() not in _LIVE and not os.path.lexists(text)


def local_path(text: str) -> str:
    """``file:///videos/a.mp4`` as the path that it is; any other text as it is.

    Raises ConfigError for a ``file://`` address of another machine.
    """
    if not text.lower().startswith("file://") or os.path.lexists(text):
        return text
    parts = urlsplit(text)
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise ConfigError(f"{text}: names no file of this machine; expected file:///FOLDER/FILE")
    return unquote(text[len("file://") + len(parts.netloc) :])


def join(address: str, *names: str) -> str:
    """The address of something beneath ``address``."""
    return "/".join([address.rstrip("/"), *names])


def last_name(address: str) -> str:
    """The last part of an address: a file's name."""
    return address.rstrip("/").rpartition("/")[2]


def is_pattern(address: str) -> bool:
    """Whether an address stands for several files."""
    return bool(set(address) & set("*?["))
