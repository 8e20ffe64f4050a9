"""Addresses of live sources: what counts as one, and how it is named without its password."""

import os
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from hie_cli.core.errors import ConfigError

SCHEMES = ("rtsp", "rtsps", "http", "https")
_STORES = ("s3", "gs", "gcs", "az", "abfs")  # what is fetched and not played (``storage``)
_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
_LONGEST_NAME = 60


@dataclass(frozen=True)
class LiveAddress:
    """A live source as somebody named it.

    url: with user and password, if any; only for opening it · device: the number of a camera of
    this machine; None: it is an address · shown: what messages and files call it, without user,
    password and query · name: of its documents.
    """

    url: str = field(repr=False)
    device: int | None
    shown: str
    name: str

    @property
    def parts(self) -> SplitResult:
        """The address in its parts."""
        return urlsplit(self.url)

    @property
    def bare(self) -> str:
        """The address without user and password."""
        return self.parts._replace(netloc=_host(self.parts)).geturl()

    @property
    def login(self) -> tuple[str, str] | None:
        """User and password, if the address holds them."""
        if self.parts.username is None:
            return None
        return unquote(self.parts.username), unquote(self.parts.password or "")

    def same_site(self, url: str) -> bool:
        """Whether ``url``, which data named, lies where the user pointed to: http, the same host,
        the same port; or https instead of http, on their usual ports.
        """
        try:
            other, own = urlsplit(url), self.parts
            if other.username is not None or other.hostname != own.hostname:
                return False
            ports = (_port(own), _port(other))
        except ValueError:  # no port number
            return False
        if other.scheme == own.scheme:
            return other.scheme in ("http", "https") and ports[0] == ports[1]
        return (own.scheme, other.scheme) == ("http", "https") and ports == (80, 443)


def is_live(text: str) -> bool:
    """Whether ``text`` is an address, or the number of a camera; what exists as a file is neither.

    ``file:``, ``concat:`` and whatever else FFmpeg would take for an address are names of files.
    """
    if os.path.lexists(text):
        return False
    return text.isascii() and (text.isdigit() or text.lower().startswith(_beginnings()))


def _beginnings() -> tuple[str, ...]:
    return tuple(f"{scheme}://" for scheme in SCHEMES)


def refuse_address(text: str) -> None:
    """Raise ConfigError where a file is expected and an address given; no password is quoted.

    Slashes may have been lost on the way through a ``Path``.
    """
    found = re.match(rf"({'|'.join((*SCHEMES, *_STORES))}):/+", text, re.IGNORECASE)
    if found is not None and not os.path.lexists(text):
        place = text[found.end() :].partition("?")[0].rpartition("@")[2]
        what = "a live source, where a file is expected; hie run --online (hie_cli.stream) reads it"
        if found[1].lower() in _STORES:
            what = "an address, where a file is expected; hie run (hie_cli.run_batch) fetches it"
        raise ConfigError(f"{found[1].lower()}://{place}: {what}")


def parse_address(text: str) -> LiveAddress:
    """The live source that ``text`` names. Raises ConfigError where it makes no sense."""
    if text.isdigit() and len(text) < 4:
        return LiveAddress(text, int(text), f"camera {int(text)}", f"camera-{int(text)}")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ConfigError("the address of the live source is broken; check it") from None
    if parts.scheme.lower() not in SCHEMES or re.search(r"[\s\x00-\x1f\x7f\\]", text):
        raise ConfigError("the address of the live source is broken; check it")
    if not host:
        raise ConfigError(f"{parts.scheme}: the address names no host; check it")
    shown = f"{parts.scheme.lower()}://{_host(parts)}{parts.path}"
    whole = "-".join([host, *([] if port is None else [str(port)]), *parts.path.split("/")])
    name = re.sub(r"[^A-Za-z0-9._-]+|-+", "-", whole).strip("-.")[:_LONGEST_NAME]
    return LiveAddress(text, None, shown, re.sub(r"\.(m3u8|ts|mjpe?g|mp4)$", "", name) or "live")


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _port(parts: SplitResult) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)
