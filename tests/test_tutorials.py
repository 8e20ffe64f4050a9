"""The tutorials' commands and Python run as they stand, in order, in one folder each."""

import re
import shlex
from pathlib import Path

import cv2
import pytest

from hie_cli.cli.app import run
from tests.support import seeing_graphs
from tests.support.output_layouts import RAW, yolox
from tests.support.paths import ROOT

PAGES = [ROOT / "docs" / "index.md", *sorted((ROOT / "docs" / "tutorials").glob("*.md"))]
# Blocks of other languages (console, sh) show what needs footage or time that no test has.
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_RUN = ("pip ", "make ", "git ")


def steps(page: Path) -> list[tuple[str, str]]:
    """(language, source) of all that a page shows to be typed."""
    found = []
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language not in ("", "python"):
            continue
        lines = [text] if language else [line for line in text.splitlines() if line.strip()]
        found += [(language, line) for line in lines if not line.startswith(NOT_RUN)]
    return found


@pytest.fixture
def folder(tmp_path, sample_clip, monkeypatch):
    """What readers have of their own: ``crowd.mp4``, truth for it, a detector as ONNX."""
    reader = cv2.VideoCapture(str(sample_clip))
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(tmp_path / "crowd.mp4"), codec, 10.0, (768, 576))
    for _ in range(6):
        writer.write(reader.read()[1])
    writer.release()
    reader.release()
    (tmp_path / "gt").mkdir()
    rows = [f"{t},1,500,160,50,120,1,-1,-1,-1\n" for t in range(1, 7)]
    (tmp_path / "gt" / "crowd.txt").write_text("".join(rows))
    monkeypatch.setenv("HIE_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_runs(page, folder, capsys):
    found = steps(page)
    assert any(language == "" for language, _ in found)
    if page.stem == "network":
        (folder / "detector.onnx").write_bytes(seeing_graphs.detector(RAW, yolox(False)))
    session: dict[str, object] = {}
    for language, source in found:
        if language == "python":
            exec(compile(source, page.name, "exec"), session)
            continue
        words = shlex.split(source, comments=True)
        assert words[0] == "hie", f"{page.name}: {source!r} is no command of hie"
        assert run(words[1:]) == 0, f"{page.name}: {source}"
