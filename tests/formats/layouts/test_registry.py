"""A new file layout is one module and one registration, ours or a plug-in's."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.formats import layouts
from hie_cli.formats.layout import Layout
from hie_cli.formats.layouts import find, known, register

# A whole layout: `frame id left top right bottom`, one person a line, files NAME.toy.
TOY = '''
"""A toy layout of another package."""

import numpy as np

from hie_cli.core.types import ExactPeople, FramePeople
from hie_cli.formats.layout import FITS, Fit, Layout
from hie_cli.formats.layouts import register
from hie_cli.formats.output import texts
from hie_cli.formats.reading import per_file
from hie_cli.formats.sequence import ResultSequence


def sniff(source):
    return FITS if source.head(3) == "toy" else Fit(0.5, "no toy")


def results(source, name, options):
    frames = []
    for line in source.read_text().splitlines()[1:]:
        frame, person, *box = map(float, line.split())
        people = ExactPeople(np.array([box]), np.array([0.5]), np.array([int(person)]))
        frames.append(FramePeople(int(frame), people))
    return ResultSequence(name, tuple(frames))


def text(sequence):
    rows = ["toy"]
    for frame in sequence.frames:
        for person, box in zip(frame.people.track_ids, frame.people.boxes):
            rows.append(" ".join(f"{v:g}" for v in (frame.index, person, *box)))
    return "\\n".join(rows) + "\\n"


register(
    Layout(
        "toy", "a toy", (".toy",), sniff, read_results=per_file(results),
        write=texts(text, ".toy"), holds=frozenset({"boxes", "track ids"}),
    )
)
'''


def hie(folder: Path, *arguments: str) -> str:
    root = Path(__file__).parents[3]
    environment = {
        **os.environ,
        "HIE_PLUGINS": "toy_layout",
        "PYTHONPATH": f"{folder / 'plug'}{os.pathsep}{root}",
    }
    command = [sys.executable, "-m", "hie_cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_plug_in_layout_from_the_command_line(tmp_path: Path) -> None:
    """Box 10 20 30 50 of the toy is left 10, top 20, width 20, height 30; frame 4 is MOT's 5."""
    (tmp_path / "plug").mkdir()
    (tmp_path / "plug" / "toy_layout.py").write_text(TOY)
    (tmp_path / "a.toy").write_text("toy\n4 7 10 20 30 50\n")
    hie(tmp_path, "convert", "a.toy", "--to", "mot", "-o", "mot")
    assert (tmp_path / "mot" / "a.txt").read_text() == "5,7,10,20,20,30,0.5,-1,-1,-1\n"
    hie(tmp_path, "convert", "mot/a.txt", "--to", "toy", "-o", "back")
    assert (tmp_path / "back" / "a.toy").read_text() == "toy\n4 7 10 20 30 50\n"


def test_every_layout_module_is_registered() -> None:
    names = {layout.name for layout in known()}
    for module in pkgutil.iter_modules(layouts.__path__):
        loaded = __import__(f"{layouts.__name__}.{module.name}", fromlist=["LAYOUT"])
        if hasattr(loaded, "LAYOUT"):
            assert loaded.LAYOUT.name in names


def test_names_are_taken_once() -> None:
    with pytest.raises(ConfigError, match="layout 'mot' is registered already"):
        register(Layout("mot", "another", (".txt",)))
    with pytest.raises(ConfigError, match="did you mean 'mot'"):
        find("mott")
