import pytest

from hie_cli.core.text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("crowd 20.mp4", "crowd 20.mp4"),
        ("Menschenmenge, 人群, 👥", "Menschenmenge, 人群, 👥"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("back\rover", r"back\rover"),
        ("\x9b2J", r"\x9b2J"),
        ("ab\u202egpj.exe", r"ab\u202egpj.exe"),
        ("lone\udcff", r"lone\udcff"),
        ("a\u2028b\0", r"a\u2028b\x00"),
    ],
)
def test_what_could_drive_a_terminal_is_escaped(text, shown):
    assert printable(text) == shown
    printable(text).encode()  # and can be printed


def test_a_line_stays_a_line():
    assert printable("a\nb", keep="") == r"a\nb"
