"""A package of one's own adds one of everything: each is one file and one registration.

The package is written to a temporary folder and named in ``HIE_PLUGINS``; everything it adds is
then used from the command line.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.paths import ROOT

FILES = {
    "__init__.py": "from toy import command, layout, metric, model, recogniser\n",
    "model.py": '''
"""A detector: one box round everything that is bright."""
import numpy as np

from hie_cli.core.types import People
from hie_cli.models.registry import register
from hie_cli.models.spec import InputSpec, ModelSpec


class Bright:
    sha256 = "0" * 64

    def open(self, input, device, threads):
        return lambda images: [(images.max(-1) > 128).astype(np.float32)]

    def files(self):
        return ()


def decode(outputs, box):
    rows, columns = np.nonzero(outputs[0])
    if not len(rows):
        return People.empty()
    corners = [[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]]
    return People(box.boxes(np.array(corners, np.float32)), np.array([0.9]))


register(ModelSpec(
    "toy-bright", "detect", Bright(), input=InputSpec((160, 128), padding=0), decoder=decode,
    licence="MIT", summary="one box round what is bright",
))
''',
    "layout.py": '''
"""A layout: a line per person, ``frame:id:x1:y1:x2:y2``."""
from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.types import People
from hie_cli.formats.layout import FITS, Fit, Layout
from hie_cli.formats.layouts import register
from hie_cli.formats.output import texts
from hie_cli.formats.reading import per_file

import numpy as np


def read(source, name, options):
    rows = [[float(v) for v in line.split(":")] for line in source.read_text().splitlines()]
    frames = []
    for t in range(1 + max(int(row[0]) for row in rows)):
        here = [row for row in rows if row[0] == t]
        boxes = np.array([row[2:] for row in here]).reshape(-1, 4)
        ids = np.array([row[1] for row in here])
        frames.append(Annotations(boxes, ids, np.zeros(len(here), bool)))
    return TruthSequence(name, tuple(frames))


def text(sequence):
    return "".join(
        f"{frame.index}:{person.track_id}:{':'.join(f'{v:g}' for v in person.box)}\\n"
        for frame in sequence.frames for person in frame.people
    )


register(Layout(
    "toy-lines", "a line per person", (".toy",), lambda source: FITS, read_truth=per_file(read),
    write=texts(text, ".toy"), holds=frozenset({"boxes", "track ids"}),
))
''',
    "metric.py": '''
"""A track: how many of the true people were found, wherever."""
from hie_cli.evaluation.tracks.metric import Figures, Metric
from hie_cli.evaluation.tracks.registry import register


@register
class Head(Metric):
    key = "toy-heads"
    title = "Toy: heads counted"
    headline = ("found",)
    needs = "people"

    def in_truth(self, truth):
        return len(truth) > 0

    def in_results(self, people):
        return len(people) > 0

    def collect(self, sequence):
        return sum(len(p) for _, p in sequence.frames), sum(len(t) for t, _ in sequence.frames)

    def figures(self, parts):
        return Figures({"found": sum(p for p, _ in parts) / sum(t for _, t in parts)})
''',
    "recogniser.py": '''
"""A recogniser: everybody runs."""
import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.recognition.registry import register


class Runners:
    def score(self, window):
        return np.tile(np.eye(14)[ACTIONS.index("running-alone")], (len(window.people), 1))


register("toy-runners", lambda inputs: Runners())
''',
    "command.py": '''
"""A command: how many people each document has."""
from hie_cli.cli import options
from hie_cli.cli.commands import command
from hie_cli.cli.terminal import show, show_json


@command("count")
def count(documents: options.Documents, json: options.Json = False) -> None:
    """Count the people of documents.

    \\b
    Examples:
      hie count out/detect/crowd.json
    """
    import hie_cli

    counts = {path: sum(len(f.people) for f in hie_cli.read(path).frames) for path in documents}
    if json:
        show_json(counts)
    else:
        show("\\n".join(f"{path}: {number}" for path, number in counts.items()))
''',
}
FRAMES = 6


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """The package, and a clip of one bright square that moves to the right."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "toy").mkdir()
    for name, text in FILES.items():
        (folder / "toy" / name).write_text(text.lstrip())
    (folder / "clip").mkdir()
    for t in range(FRAMES):
        image = np.zeros((128, 160, 3), np.uint8)
        image[20:100, 10 + 4 * t : 50 + 4 * t] = 255
        cv2.imwrite(str(folder / "clip" / f"{t}.png"), image)
    return folder


def hie(place: Path, *arguments: str, plugins: str = "toy") -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(place), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", "hie_cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=place,
        env={**os.environ, "HIE_PLUGINS": plugins, "PYTHONPATH": paths},
    )


def output(place: Path, *arguments: str) -> str:
    done = hie(place, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_of_everything_from_the_command_line(place):
    assert "toy-bright" in output(place, "models", "list")
    output(place, "detect", "clip", "-m", "toy-bright", "-o", "out")
    output(place, "track", "out/detect", "-o", "out")
    ran = json.loads(output(place, "action", "out/track", "-m", "toy-runners", "--json"))
    assert ran["videos"][0]["actions"] == {"running-alone": 1}, "of frame 0; every 20th is scored"
    assert output(place, "count", "out/detect/clip.json") == f"out/detect/clip.json: {FRAMES}\n"
    assert json.loads(output(place, "count", "out/detect/clip.json", "--json")) == {
        "out/detect/clip.json": FRAMES
    }
    output(place, "convert", "out/track", "--to", "toy-lines", "-o", "truth")
    assert len((place / "truth/clip.toy").read_text().splitlines()) == FRAMES
    how = ("--truth", "truth", "--track", "toy-heads", "--json")
    report = json.loads(output(place, "eval", "out/track", *how))
    assert report["tracks"]["toy-heads"]["pooled"]["found"] == FRAMES / FRAMES


def test_the_toy_command_is_a_command_like_any_other(place):
    """In the help, with the options of all, and with the nearest name for a wrong one."""
    assert "Count the people of documents." in output(place, "--help").partition("Plug-ins:")[2]
    text = output(place, "count", "--help")
    for option in ("--quiet", "--verbose", "--log", "--json"):
        assert option in text
    done = hie(place, "cuont", "x")
    assert done.returncode == 2
    assert "did you mean 'count'" in done.stderr


def test_without_the_plugin_nothing_of_it_is_known(place):
    done = hie(place, "detect", "clip", "-m", "toy-bright", "-o", "none", plugins="")
    assert done.returncode == 4
    assert "model 'toy-bright' is unknown" in done.stderr
    assert hie(place, "count", "x", plugins="").returncode == 2


def test_a_broken_plugin_is_one_line(place):
    done = hie(place, "--help", plugins="toy,missing")
    assert done.returncode == 2
    assert done.stderr.startswith("hie: HIE_PLUGINS: missing: cannot be imported")
    assert len(done.stderr.splitlines()) == 1
