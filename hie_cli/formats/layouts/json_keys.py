"""What a JSON file is, by the keys of its outermost object."""

from typing import Any

from hie_cli.core.errors import InputError
from hie_cli.formats.layout import Fit
from hie_cli.formats.sources import Source

HEAD_BYTES = 4096


def outermost(source: Source) -> dict[str, Any] | None:
    """The outermost object; None where the file is broken, or holds another value."""
    try:
        data = source.json()
    except InputError:
        return None
    return data if isinstance(data, dict) else None


def broken(source: Source) -> bool:
    """Whether the file is no JSON at all; the reader says where."""
    try:
        source.json()
    except InputError:
        return True
    return False


def has(source: Source, key: str) -> bool:
    """Whether the outermost object has a key; of a broken file, whether its start names it."""
    if broken(source):
        return f'"{key}"' in source.head(HEAD_BYTES)
    return key in (outermost(source) or {})


def missing(source: Source, keys: tuple[str, ...]) -> Fit:
    """Why a file does not fit a layout that needs all these keys."""
    if broken(source):
        head = source.head(HEAD_BYTES)
        return Fit(0.1 + 0.1 * sum(f'"{key}"' in head for key in keys), _fault(source))
    data = outermost(source)
    if data is None:
        return Fit(0.1, f"holds no JSON object with {_named(keys)}")
    lacking = tuple(key for key in keys if key not in data)
    shown = ", ".join(str(key)[:20] for key in list(data)[:6]) or "none"
    share = 0.2 + 0.6 * (len(keys) - len(lacking)) / len(keys)
    return Fit(share, f"has no {_named(lacking)} (its keys: {shown})")


def _fault(source: Source) -> str:
    """What is wrong with a broken file, without its name."""
    try:
        source.json()
    except InputError as error:
        return str(error).removeprefix(f"{source.label}: ")
    return ""


def _named(keys: tuple[str, ...]) -> str:
    return " and ".join(repr(key) for key in keys)
