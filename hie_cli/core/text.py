"""Text for a terminal."""

import re
import unicodedata
from typing import Any

# Characters that move the cursor, colour, reorder or hide what stands beside them.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str, keep: str = "\n\t") -> str:
    r"""``text`` with every control and invisible character but ``keep`` escaped (``\x1b``).

    Names come from files that others made: printed raw, they could drive a terminal.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        repr(c)[1:-1] if c not in keep and unicodedata.category(c) in _UNSAFE else c for c in text
    )


def encodable(value: Any) -> Any:
    r"""Plain values whose texts every JSON reader takes: a file name that is not UTF-8 has half
    characters, which are escaped (``\udcff``) here.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    return [encodable(item) for item in value] if isinstance(value, list | tuple) else value


# User and password of an address; a path that was made of one has a single slash.
_LOGIN = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*:/{1,2})[^/\s@]+@")


def without_login(text: str) -> str:
    """``text`` whose addresses say neither user nor password."""
    return _LOGIN.sub(r"\1", text)


_LONGEST_WORD, _LONGEST_LINE = 300, 1500  # characters
_WORDS = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")


def brief(text: str, length: int = _LONGEST_LINE) -> str:
    """``text`` as one line that can be read: printable, and what is over-long cut in its middle.

    A word, such as a value or path that is quoted, keeps its beginning and end, and so does the
    line: file and place stand at its beginning, the fix at its end.
    """
    if len(text) > 10 * _LONGEST_LINE:
        text = _cut(text, 10 * _LONGEST_LINE)  # one escaped character has at most 10
    line = _WORDS.sub(lambda word: _cut(word[0], _LONGEST_WORD), printable(text, keep=""))
    return _cut(line, length)


def _cut(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    end = length // 3
    return f"{text[: length - end - 3]}...{text[-end:]}"
