"""Paths on which the user has no right: one line, the right exit code, nothing left.

The child gives its own rights up where it has all of them, after whatever it needs was imported.
"""

import os
import subprocess
import sys

import pytest

from tests.support.commands import write_tracks

SCRIPT = """
import contextlib, io, os, sys
from hie_cli import __main__
from hie_cli.cli import app

warm, arguments = sys.argv[1:3], sys.argv[3:]
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    assert app.run(["track", warm[0], "-o", warm[1], "--quiet"]) == 0
    with contextlib.suppress(Exception):
        app.run([arguments[0], "no-such-file", *(a for a in arguments[2:] if "fixed" not in a)])
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.argv = ["hie", *arguments]
__main__.main()
"""


@pytest.fixture
def place(tmp_path):
    """A readable document, and others behind paths without rights; restored at the end."""
    for folder in [tmp_path, *list(tmp_path.parents)[:2]]:
        folder.chmod(0o755)  # pytest keeps them to its user
    closed = {"file": 0o000, "shut": 0o000, "fixed": 0o555}
    write_tracks(tmp_path / "walk.json")
    write_tracks(tmp_path / "shut" / "walk.json")
    (tmp_path / "fixed").mkdir()
    for name in ("file.json", "file.yaml", "file.mp4", "file.txt", "file.zip"):
        (tmp_path / name).write_text("a: 1\n")
        (tmp_path / name).chmod(closed["file"])
    for name in ("shut", "fixed"):
        (tmp_path / name).chmod(closed[name])
    yield tmp_path
    for name in ("shut", "fixed"):
        (tmp_path / name).chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="needs users")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("track file.json -o out", 3),
        ("track shut/walk.json -o out", 3),
        ("track shut -o out", 3),
        ("track walk.json -o fixed", 2),
        ("track walk.json -o fixed/deep/er", 2),
        ("track walk.json -o shut", 2),
        ("track walk.json -o out -c file.yaml", 2),
        ("track walk.json -o out --log fixed/log", 2),
        ("detect file.mp4 -o out", 3),
        ("detect shut/a.mp4 -o out", 3),
        ("eval file.txt --truth walk.json", 2),
        ("eval walk.json --truth shut/gt.txt", 3),
        ("convert file.zip --to mot -o out", 2),
        ("report shut", 2),
    ],
)
def test_no_rights(place, arguments, code):
    (place / "warm").mkdir()
    write_tracks(place / "warm" / "warm.json")
    warm = [str(place / "warm" / "warm.json"), str(place / "warm")]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *warm, *arguments.split()],
        cwd=place, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if line.startswith("hie: ")]
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    assert len(lines) == 1, done.stderr
    said = ("Permission denied", "no such file", "is not readable")
    assert any(words in lines[0] for words in said), lines
    assert not list((place / "fixed").iterdir())
