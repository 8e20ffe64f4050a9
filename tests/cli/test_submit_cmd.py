import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from hie_cli.cli.submit_cmd import submit
from hie_cli.core.errors import ConfigError
from hie_cli.formats.submission import UnsoundError

APP = typer.Typer()
APP.command()(submit)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "20.txt").write_text("0,0,1,1,5,5,0.5,-1,-1,-1\n")
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(APP, [str(a) for a in arguments])


def test_write_and_check(results: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    done = run(results, "--track", "1", "-o", path, "--sequences", "20")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{path}: Track 1, 1 sequences, sound\n"
    done = run("--check", path, "--track", "1", "--sequences", "20:9", "--json")
    assert json.loads(done.stdout) == {"file": str(path), "track": 1, "problems": []}


def test_problems_are_listed_on_stderr(results: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    done = run(results, "--track", "1", "-o", path, "--sequences", "19,21", "--json")
    assert isinstance(done.exception, UnsoundError)
    assert done.exception.exit_code == 3
    assert str(done.exception) == "the submission has 3 problems; fix them all"
    assert len(done.stderr.splitlines()) == 3
    assert len(json.loads(done.stdout)["problems"]) == 3
    assert not path.exists()


def test_track_4_says_that_its_layout_is_ours(tmp_path: Path, results: Path) -> None:
    done = run(results, "--track", "4", "-o", tmp_path / "s.zip", "--sequences", "20")
    assert "no layout is published" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--track", "5", "-o", "a.zip", "x"], "--track 5: expected 1, 2, 3 or 4"),
        (["--track", "1", "-o", "a.zip"], "give either documents and -o ZIP, or --check ZIP"),
        (["x", "--check", "a.zip"], "give either documents and -o ZIP, or --check ZIP"),
        (["x", "--track", "1"], "-o: expected the name of a .zip"),
        (["x", "-o", "a.tar"], "-o a.tar: expected the name of a .zip"),
        (["x", "-o", "a.zip", "--sequences", "a:b"], "--sequences a:b: expected"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, ConfigError)
    assert message in str(done.exception)


def test_an_existing_zip_is_kept(results: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    path.write_text("yesterday")
    arguments = [results, "--track", "1", "-o", path, "--sequences", "20"]
    assert "exists already" in str(run(*arguments).exception)
    bad = run(*arguments[:-1], "21", "--overwrite")
    assert isinstance(bad.exception, UnsoundError)
    assert path.read_text() == "yesterday"
    assert run(*arguments, "--overwrite").exit_code == 0
