"""The README's commands and its Python run as they stand; commands named in the docs exist."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest
import typer

import hie_cli
from hie_cli.cli.app import build
from tests.support.paths import ROOT

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Installing is what tests/test_wheel.py does; make calls these very tests.
NOT_RUN = ("pip ", "make ", "git ")


def steps() -> list[tuple[str, str]]:
    """(language, source) of everything the README shows to be typed, in order."""
    found = []
    for language, text in BLOCK.findall(README.read_text(encoding="utf-8")):
        if language == "python":
            found.append(("python", text))
        else:
            lines = text.replace("\\\n", " ").splitlines()
            found += [("shell", line) for line in lines if line.strip()]
    return [(kind, s) for kind, s in found if kind == "python" or not s.startswith(NOT_RUN)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, sample_clip) -> Path:
    """A folder with the files that the pages speak of: a short ``crowd.mp4``, and truth for it."""
    place = tmp_path_factory.mktemp("readme")
    reader = cv2.VideoCapture(str(sample_clip))
    writer = cv2.VideoWriter(
        str(place / "crowd.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (768, 576)
    )
    for _ in range(6):
        writer.write(reader.read()[1])
    writer.release()
    reader.release()
    (place / "gt").mkdir()  # one person of the clip, seen throughout
    rows = [f"{t},1,500,160,50,120,1,-1,-1,-1\n" for t in range(6)]
    (place / "gt" / "crowd.txt").write_text("".join(rows))
    return place


def test_the_readme_runs(folder):
    """One after another, since each uses what those before it wrote."""
    assert any(kind == "python" for kind, _ in steps())
    assert any(source.startswith("hie run") for _, source in steps())
    for kind, source in steps():
        if kind == "python":
            command = [sys.executable, "-c", source]
        else:
            words = shlex.split(source, comments=True)
            assert words[0] == "hie", f"README: {source!r} is no command of hie"
            command = [sys.executable, "-m", "hie_cli", *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == 0, f"README: {source}\n{done.stderr}"
    shutil.rmtree(folder / "out")


def test_the_page_of_the_api_runs(folder, monkeypatch, capsys):
    """Its examples one after another, in one session."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    blocks = [text for language, text in BLOCK.findall(page) if language == "python"]
    assert len(blocks) > 5
    monkeypatch.chdir(folder)
    session: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/api.md", "exec"), session)
    printed = capsys.readouterr()
    assert "did you mean 'models'?" in printed.out
    assert printed.err == ""
    records = {"ChainRun", "Frame", "ModelSpec", "Report", "VideoSequence"}
    named = set(re.findall(r"`(\w+)(?:\([^`]*\))?`", page))
    named |= set(re.findall(r"hie_cli\.(\w+)", page))
    assert set(hie_cli.__all__) <= named | records


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that ``words`` (after ``hie``) call, and the words that it gets."""
    command: Any = typer.main.get_command(build())
    while words and words[0] in getattr(command, "commands", ()):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_and_options_named_in_the_docs_exist(page):
    text = page.read_text(encoding="utf-8")
    code = [b for _, b in BLOCK.findall(text)] + re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))
    for line in (line for block in code for line in block.replace("\\\n", " ").splitlines()):
        for call in re.findall(r"(?:^|[;&|] *)hie ((?:[^;&|#]|\|(?=\w))+)", line.strip()):
            words = call.split()
            if not re.fullmatch(r"[a-z][a-z-]*", words[0]):
                continue
            command, rest = command_of(words)
            assert not hasattr(command, "commands") or not rest or not rest[0].islower(), (
                f"{page.name}: there is no command `hie {call}`"
            )
            known = {name for option in command.params for name in option.opts}
            known |= {name for option in command.params for name in option.secondary_opts}
            for name in re.findall(r"(?<![\w-])--[a-z][\w-]*", call):
                assert name in known | {"--help", "--version"}, f"{page.name}: hie {call}: {name}"
