"""A template filled in as one HTML file that asks nothing of any network."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

_TEMPLATES = Path(__file__).parent / "templates"


def page(
    template: str, scripts: tuple[str, ...] = (), holds: tuple[str, ...] = (), **values: Any
) -> str:
    """``template`` with ``values``, its style and ``scripts`` inside; all text is escaped.

    The page's content-security policy allows these very scripts and styles by their hashes,
    pictures that the page holds or that lie beside it, and nothing else. ``holds``: scripts of
    pages that it holds itself, to which its policy applies as well.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _source("page.css")
    code = [_source(name) for name in ("theme.js", *scripts)]
    return environment.get_template(template).render(
        style=Markup(style), scripts=[Markup(text) for text in code],
        policy=_policy(style, code + [_source(name) for name in holds]),
        **values,
    )  # fmt: skip


def json_block(value: Any) -> Any:
    """``value`` as JSON for a data block of a page: no character in it can end the block."""
    from markupsafe import Markup

    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _source(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _policy(style: str, scripts: list[str]) -> str:
    # ``file:`` because browsers differ in whether 'self' means a page's neighbours on a disk.
    parts = {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "img-src": "'self' file: data:",
        "media-src": "'self' file: blob:",
        "style-src": _hashed(style),
        "script-src": " ".join(map(_hashed, scripts)),
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
