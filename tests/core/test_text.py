import pytest

from hie_cli.core.text import brief, encodable, printable


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


def test_a_long_value_keeps_its_ends():
    line = brief("a.yaml: sha256: '" + "9" * 200_000 + "', expected 64 digits")
    assert line.startswith("a.yaml: sha256: '999")
    assert line.endswith("999', expected 64 digits")
    assert "9...9" in line
    assert len(line) < 400


@pytest.mark.parametrize(
    "text", ["x" * 10**6, "x " * 10**6, "\0" * 10**6, "a\n" * 5000, "\U000e0001" * 20_000]
)
def test_a_line_is_bounded(text):
    line = brief(text)
    assert len(line) <= 1500
    assert len(line.splitlines()) == 1


def test_what_is_short_stays():
    text = "/" + "deep folder/" * 100 + "crowd 人群.json: frame 3: person 4 has x2 < x1"
    assert brief(text) == text


def test_texts_that_no_file_can_hold_are_escaped():
    told = encodable({"bad\udcff": [("人", "\udcfe"), 1, None, True], "good": 0.5})
    assert told == {r"bad\udcff": [["人", r"\udcfe"], 1, None, True], "good": 0.5}
