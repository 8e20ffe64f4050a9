"""Every model in one list: recognisers beside networks, sizes and speeds."""

import json
import shutil

import pytest
from typer.testing import CliRunner

import hie_cli
from hie_cli.cli.app import build
from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.models import benchmark, runtime
from hie_cli.models.weights import PACKAGED
from hie_cli.pipeline import model_list


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("HIE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_recognisers_are_models_too():
    names = [model.name for model in hie_cli.list_models()]
    assert names[0] == "nanodet"
    assert names[-2:] == ["kinematic", "pose-stream-sim"]
    assert [m.name for m in hie_cli.list_models("action")] == ["kinematic", "pose-stream-sim"]
    (stream,) = [each for each in model_list.listed("action") if each.bytes is not None]
    assert stream.bytes == (PACKAGED / "pose-stream-sim.safetensors").stat().st_size
    checked = {row["name"]: row["error"] for row in model_list.verify()}
    assert checked["pose-stream-sim.safetensors"] is None
    with pytest.raises(ModelError, match="nobody"):
        model_list.find("nobody")


def test_a_trained_folder_is_shown_by_its_card(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    card = json.loads((PACKAGED / "pose-stream-sim.json").read_text()) | {"data": "our street"}
    (folder / "card.json").write_text(json.dumps(card))
    shutil.copy(PACKAGED / "pose-stream-sim.safetensors", folder)
    spec = model_list.find(str(folder))
    assert (spec.name, spec.task, spec.packaged) == (str(folder), "action", False)
    assert "our street" in spec.summary
    assert spec.network.files() == (("pose-stream-sim.safetensors", None),)
    (folder / "card.json").write_text("{}")
    with pytest.raises(ModelError, match="not a model card"):
        model_list.find(str(folder))


def test_a_measured_speed_is_remembered_for_this_file_and_processor(store, monkeypatch):
    found = hie_cli.benchmark_model("movenet-lightning", rounds=2, threads=1)
    assert (found.each, found.threads, found.rounds) == ("person", 1, 2)
    assert 0 < found.least <= found.seconds < 60
    rows = {each.spec.name: each.speed for each in model_list.listed("pose")}
    assert rows["movenet-lightning"] == found
    assert rows["movenet-thunder"] is None
    shown = CliRunner().invoke(build(), ["models", "list", "--task", "pose"]).stdout
    assert found.text in shown
    told = json.loads(CliRunner().invoke(build(), ["models", "list", "--json"]).stdout)
    speed = next(row["speed"] for row in told if row["name"] == "movenet-lightning")
    assert speed["seconds"] == found.seconds
    again = hie_cli.benchmark_model("movenet-lightning", rounds=1, threads=1)
    assert benchmark.known()["movenet-lightning"] == again
    assert len(json.loads((store / ".speed.json").read_text())) == 1
    monkeypatch.setattr(benchmark, "cpu", lambda: "another")
    assert not benchmark.known()
    monkeypatch.undo()
    monkeypatch.setenv("HIE_MODELS", str(store))
    (store / ".speed.json").write_text('[{"name": 1}, 2')
    assert not benchmark.known()


def test_speed_of_a_detector_is_for_an_image():
    found = hie_cli.benchmark_model("nanodet", rounds=1, threads=1)
    assert found.each == "image"
    assert found.text.endswith(" ms an image")
    with pytest.raises(ConfigError, match="--rounds 0"):
        hie_cli.benchmark_model("nanodet", rounds=0)
    with pytest.raises(ModelError, match="unknown"):
        hie_cli.benchmark_model("nobody")


def test_the_numbers_that_would_run_are_the_numbers_that_are_timed(monkeypatch):
    monkeypatch.setattr(runtime, "multiplies_bytes", lambda: True)
    for asked, timed in {"auto": "int8", "fp32": "fp32"}.items():
        done = hie_cli.benchmark_model("nanodet", device="cpu", rounds=1, precision=asked)
        assert done.precision == timed
    monkeypatch.setattr(runtime, "multiplies_bytes", lambda: False)
    assert hie_cli.benchmark_model("nanodet", device="cpu", rounds=1).precision == "fp32"
    with pytest.raises(ModelError, match="fp16 is for CUDA"):
        hie_cli.benchmark_model("nanodet", device="cpu", rounds=1, precision="fp16")
