"""The catalogue's entries, as ``entries.yaml`` holds them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

from hie_cli.core import config
from hie_cli.core.errors import ModelError, nearest
from hie_cli.core.yaml_files import Origin

_FILE = Path(__file__).with_name("entries.yaml")
_DIGITS = re.compile("[0-9a-f]{8,64}|")


@dataclass(frozen=True)
class Entry:
    """One published model; ``entries.yaml`` explains the fields. Unknown ones are empty or 0."""

    name: str
    task: Literal["detect", "pose", "appearance", "action", "flow"]
    summary: str
    licence: str
    address: str
    hosts: tuple[str, ...] = ()
    member: str = ""
    bytes: int = 0
    sha256: str = ""
    member_sha256: str = ""
    checked_by: Literal["", "publisher", "users"] = ""
    terms: str = ""
    figures: str = ""
    use: str = ""
    manifest: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if urlsplit(self.address).scheme != "https":
            raise ValueError(f"address: {self.address!r}, expected https://...")
        if not (_DIGITS.fullmatch(self.sha256) and _DIGITS.fullmatch(self.member_sha256)):
            raise ValueError("sha256: expected 8 to 64 hexadecimal digits")
        if bool(self.sha256 or self.member_sha256) != bool(self.checked_by):
            raise ValueError("checked_by: say who states the digests")

    @property
    def file_name(self) -> str:
        """The file's name at its address, and in a mirror."""
        return PurePosixPath(urlsplit(self.address).path).name

    @property
    def checksum(self) -> str:
        """What is known of its sha256, in words."""
        digits = self.sha256 or self.member_sha256
        if not digits:
            return "not published"
        whose = "its publisher" if self.checked_by == "publisher" else "public users of the file"
        what = "" if self.sha256 else f" of {self.member}"
        return f"{digits[:12]}{what}, by {whose}"


def available() -> tuple[Entry, ...]:
    """All entries, in the file's order."""
    return read(_FILE)


def find(name: str) -> Entry:
    """The entry called ``name``; ModelError with the nearest name otherwise."""
    known = {entry.name: entry for entry in available()}
    if name not in known:
        hint = nearest(name, list(known))
        raise ModelError(f"{name!r} is not in the catalogue{hint}; see `hie models available`")
    return known[name]


@cache
def read(path: Path) -> tuple[Entry, ...]:
    """The entries of a YAML file (a list). ModelError names the entry and the key that is wrong."""
    import yaml

    rows: list[Mapping[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = []
    for row in rows:
        origin = Origin(f"{path}: {row.get('name')}", error=ModelError)
        plain = {key: value for key, value in row.items() if key != "manifest"}
        entry = config.build(Entry, plain, origin)
        found.append(replace(entry, manifest=dict(row.get("manifest", {}))))
    return tuple(found)
