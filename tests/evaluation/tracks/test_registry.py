"""A track of one's own: one module and its registration, used from the command line."""

import json
import os
import subprocess
import sys

import pytest

from hie_cli.core.annotations import Annotations
from hie_cli.core.types import People
from hie_cli.evaluation.tracks import Figures, Metric, known, register

TOY = '''
from hie_cli.evaluation.tracks import Figures, Metric, register


@register
class Counts(Metric[tuple[int, int]]):
    """People found per true person, right or wrong."""

    key = "counts"
    title = "Toy: head counts"
    headline = ("ratio",)
    needs = "boxes"

    def in_truth(self, truth):
        return len(truth) > 0

    def in_results(self, people):
        return len(people) > 0

    def collect(self, sequence):
        pairs = sequence.frames
        return sum(len(p) for _, p in pairs), sum(len(t) for t, _ in pairs)

    def figures(self, parts):
        found, true = map(sum, zip(*parts))
        return Figures({"ratio": found / true}, {"found": found})
'''


@pytest.fixture
def run(tmp_path):
    """Call ``hie eval`` with the toy track as a plug-in; three found for two true people."""
    (tmp_path / "toy_track.py").write_text(TOY)
    (tmp_path / "gt.txt").write_text("1,1,10,10,20,40,1\n2,1,10,10,20,40,1\n")
    rows = ("1,1,10,10,20,40,.9", "1,2,80,10,20,40,.8", "2,1,10,10,20,40,.9")
    (tmp_path / "results.txt").write_text("".join(f"{row},-1,-1,-1\n" for row in rows))

    def call(*options: str) -> subprocess.CompletedProcess:
        path = os.pathsep.join([str(tmp_path), *sys.path])
        environment = {**os.environ, "PYTHONPATH": path, "HIE_PLUGINS": "toy_track"}
        command = [sys.executable, "-m", "hie_cli", "eval", "results.txt", "--truth", "gt.txt"]
        return subprocess.run(
            [*command, *options],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=environment,
        )

    return call


def test_a_plug_ins_track_is_scored_and_reported(run):
    done = run("--track", "counts", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["tracks"]["counts"]
    assert found["pooled"] == {"ratio": 3 / 2, "found": 3}
    assert "Toy: head counts" in run().stdout


def test_an_unknown_track_names_the_known_ones_of_plug_ins_too(run):
    done = run("--track", "count")
    assert done.returncode == 2
    assert "did you mean 'counts'?" in done.stderr
    assert "counts, all)" in done.stderr


def test_a_key_belongs_to_one_track():
    class Again(Metric[int]):
        key = "1"

        def in_truth(self, truth: Annotations) -> bool:
            return True

        def in_results(self, people: People) -> bool:
            return True

        def collect(self, sequence) -> int:
            return 0

        def figures(self, parts) -> Figures:
            return Figures({})

    with pytest.raises(ValueError, match="already registered"):
        register(Again)
    assert Again not in known()
