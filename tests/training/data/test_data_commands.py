import json

import cv2
import pytest
from typer.testing import CliRunner

from hie_cli.cli.app import build
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.models import registry
from tests.support.fakes import SquareDetector
from tests.support.stills import picture, write_mix


def run(*arguments):
    return CliRunner().invoke(build(), ["data", *map(str, arguments)])


def test_good_data_have_figures(tmp_path):
    result = run("check", write_mix(tmp_path), "-o", tmp_path / "out", "--json", "-q")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["problems"] == []
    assert told["training"]["pictures"] == 6
    assert told["training"]["joints"] == 0.929  # 13 of 14: COCO has no chest
    assert told["validation"]["pictures"] == 2
    assert (tmp_path / "out" / "statistics.png").stat().st_size > 10_000
    assert json.loads((tmp_path / "out" / "problems.json").read_text())["problems"] == []


def test_what_a_training_would_refuse_is_a_problem(tmp_path):
    path = write_mix(tmp_path, held=0)
    result = run("check", path, "-o", tmp_path / "out", "-q")
    assert result.exit_code == 1
    assert f"empty: {path}: no video is held out" in result.stdout


def test_one_picture_in_two_sources_is_named_with_both(tmp_path):
    path = write_mix(tmp_path, count=3, held=1)
    mix = json.loads(path.read_text())
    source = mix["sources"][0]
    path.write_text(json.dumps({"sources": [source, {**source, "name": "b"}]}))
    result = run("check", path, "-o", tmp_path / "out", "-q")
    place = tmp_path / "stills" / "still0.png"
    told = f"duplicated: {place}: the same picture as {place} of {tmp_path / 'stills/labels.json'}"
    assert told in result.stdout


def test_broken_and_leaking_pictures_are_named(tmp_path):
    path = write_mix(tmp_path)
    stills = tmp_path / "stills"
    (stills / "still0.png").write_bytes((stills / "still0.png").read_bytes()[:200])
    (stills / "still6.png").write_bytes((stills / "still1.png").read_bytes())
    result = run("check", path, "-o", tmp_path / "out", "-q")
    assert result.exit_code == 1
    assert f"broken: {stills / 'still0.png'}" in result.stdout
    assert f"leaking: {stills / 'still6.png'}: the same picture as" in result.stdout
    assert "problems: {'broken': 1, 'leaking': 1}" in result.stdout


def test_a_detector_looks_for_unlabelled_people(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "load_detector", lambda name, device: SquareDetector())
    path = write_mix(tmp_path, count=3, held=1)
    stills = tmp_path / "stills"
    cv2.imwrite(str(stills / "still0.png"), picture([[100, 80, 130, 115]]))
    result = run("check", path, "--model", "squares", "-o", tmp_path / "out", "-q")
    found = [line for line in result.stdout.splitlines() if "is not labelled" in line]
    place = stills / "still0.png"
    assert found == [f"mislabelled: {place}: somebody at 100, 80, 130, 115 is not labelled"]


@pytest.mark.parametrize("task", ["detect", "pose"])
def test_samples_are_drawn(tmp_path, task):
    path = write_mix(tmp_path)
    result = run("show", path, "--task", task, "--count", 5, "-o", tmp_path / "out", "-q", "--json")
    assert result.exit_code == 0, result.output
    sheet = cv2.imread(json.loads(result.stdout)["file"])
    assert sheet.shape == (640, 1280, 3)
    assert (sheet[320:, 320:] == 0).all()
    assert sheet[:320].any()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["check", "none.yaml"], ConfigError, "cannot be read"),
        (["show", "DATA", "--task", "tracks"], ConfigError, "expected detect or pose"),
        (["check", "EMPTY"], InputError, "no image"),
    ],
)
def test_what_is_wrong(tmp_path, arguments, error, message):
    path = write_mix(tmp_path)
    if "EMPTY" in arguments:
        (tmp_path / "stills" / "still3.png").unlink()
    words = [path if word in ("DATA", "EMPTY") else word for word in arguments]
    result = run(*words, "-o", tmp_path / "out", "-q")
    assert isinstance(result.exception, error)
    assert message in str(result.exception)
