"""Text for a terminal."""

import unicodedata

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
