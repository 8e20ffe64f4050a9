"""The object that ``hie eval --json`` prints is the one that docs/evaluation.md describes."""

import json
import re

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hie_cli.cli.eval_cmd import evaluate
from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.formats.documents.document import Header
from hie_cli.formats.documents.writer import DocumentWriter
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "evaluation.md").read_text()
SECTION = PAGE[PAGE.index("## `--json`") : PAGE.index("## `--plots DIR`")]
TRUTH, FOUND, EXAMPLE = re.findall(r"^```(?:json)?\n(.*?)^```$", SECTION, re.M | re.S)


def hie_eval(*arguments):
    app = typer.Typer()
    app.command()(evaluate)
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert result.exception is None, result.exception
    return json.loads(result.stdout)


def assert_shown(shown, printed, place=""):
    """All that is ``shown`` is ``printed``, numbers to the 4 decimals shown."""
    if isinstance(shown, dict):
        for key, value in shown.items():
            assert_shown(value, printed[key], f"{place}/{key}")
    elif isinstance(shown, float):
        assert printed == pytest.approx(shown, abs=5e-5), place
    else:
        assert printed == shown, place


def test_the_example_of_the_page(tmp_path):
    for folder, text in (("gt", TRUTH), ("out", FOUND)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "20.txt").write_text(text)
    printed = hie_eval(
        tmp_path / "out" / "20.txt", "--truth", tmp_path / "gt" / "20.txt", "--track", "1"
    )
    shown = json.loads(EXAMPLE)
    assert_shown(shown, printed)
    track = printed["tracks"]["1"]
    assert list(shown["tracks"]["1"]["pooled"]) == list(track["pooled"])
    assert set(track) == {*shown["tracks"]["1"], "series"}
    assert set(printed) == set(shown)


def listed(cell):
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Two sequences of two people with everything, scored against themselves, with intervals."""
    root = tmp_path_factory.mktemp("json")
    for name in ("20", "21"):
        header = Header("action", VideoInfo(name, 400, 100, 25.0, 21))
        with DocumentWriter(root / f"{name}.json", header) as writer:
            for t in range(21):
                left = np.array([0.0, 120.0]) + t
                boxes = np.stack([left, np.full(2, 10.0), left + 30, np.full(2, 90.0)], 1)
                pose = boxes[:, None, :2] + np.linspace(0, 1, 14)[:, None] * (30.0, 80.0)
                actions = np.eye(14)[[0, 10]]
                people = People(boxes, np.ones(2), [1, 2], pose, np.ones((2, 14)), actions)
                writer.write(FramePeople(t, people))
    return hie_eval(root, "--truth", root, "--ci", "--set", "bootstrap.samples=3")["tracks"]


def test_the_lists_of_the_page(printed):
    rows = [line.split(" | ") for line in SECTION.splitlines() if line.startswith("| `")]
    assert [listed(row[0])[0] for row in rows] == list(printed)
    for key, fractions, parts, counts in rows:
        track = printed[listed(key)[0]]
        plain = [name for name in track["mean"] if "/" not in name]
        assert plain == listed(fractions)
        whole = [n for n in track["pooled"] if n not in track["mean"] and "/" not in n]
        assert whole == listed(counts)
        by_part = dict.fromkeys(n.partition("/")[0] for n in track["pooled"] if "/" in n)
        assert list(by_part) == listed(parts)
        assert list(track["sequences"]) == ["20", "21"]
        assert list(track["sequences"]["20"]) == list(track["pooled"])


def test_series_and_intervals_are_as_described(printed):
    for key in ("1", "3"):
        assert list(printed[key]["series"]) == ["alpha", "HOTA", "DetA", "AssA", "LocA"]
        assert all(len(values) == 19 for values in printed[key]["series"].values())
    assert np.shape(printed["4"]["series"]["confusion"]) == (15, 15)
    for key, track in printed.items():
        known = set(track["mean"])
        if key == "2":
            known = {n for n in known if n.startswith(("AP@", "w_AP@")) or n == "OKS_AP"}
        if key == "3":
            known = {n for n in known if not n.startswith("AP@")}
        assert set(track["ci"]["pooled"]) == known
        assert set(track["ci"]["mean"]) == known
