import hashlib
import json

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner

from hie_cli.cli.app import build
from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.core.types import People
from hie_cli.models import registry, user_models
from hie_cli.models.decoders.simcc import SimCC
from hie_cli.models.export import compare
from hie_cli.models.export import graph as graphs
from hie_cli.models.export.compare import Compared
from hie_cli.models.export.forms import form_of
from hie_cli.models.importing import picture
from hie_cli.models.manifest import packaged
from hie_cli.models.networks.rcnn.detector import RCNN
from hie_cli.models.networks.simcc import from_maps
from hie_cli.models.networks.simple_baseline import SimpleBaseline
from hie_cli.models.packaged import movenet, network_of
from hie_cli.training import export
from hie_cli.training.engine.network_folder import Result, write_network
from tests.support.stills import write_mix


def run(*arguments):
    return CliRunner().invoke(build(), [*map(str, arguments), "-q"])


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    result = run("export", "nanodet", "--onnx", folder / "mine.onnx", "--json")
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)["files"]


def test_it_is_what_torch_computes(detector):
    folder, (told,) = detector
    assert told["file"] == str(folder / "mine.onnx")
    assert told["bytes"] == (folder / "mine.onnx").stat().st_size
    assert told["compared"]["worst"] <= 0.5
    assert told["compared"]["count"] >= 5
    assert told["compared"]["lost"] == told["compared"]["extra"] == 0


def test_it_states_the_size_that_a_detector_was_trained_at(tmp_path):
    folder = tmp_path / "trained"
    folder.mkdir()
    state = network_of(packaged("nanodet-half")).build().state_dict()
    result = Result("nanodet-half", state, 320, "", {}, {}, {})
    write_network(folder, result, [], ("AP50",))
    export.export_model(str(folder), tmp_path / "mine.onnx")
    assert yaml.safe_load((tmp_path / "mine.yaml").read_text())["input_size"] == [320, 320]
    said = graphs.require_onnx().load(tmp_path / "mine.onnx").metadata_props
    sizes = [entry.value for entry in said if entry.key == "size"]
    assert sizes == ["320 x 320 by default, any other"]


def test_it_is_imported_again(detector, tmp_path, monkeypatch):
    folder, _ = detector
    monkeypatch.setenv("HIE_MODELS", str(tmp_path))
    result = run("models", "import", folder / "mine.onnx", "--manifest", folder / "mine.yaml")
    assert result.exit_code == 0, result.output
    mine, own = registry.load_detector("mine", "cpu"), registry.load_detector("nanodet", "cpu")
    assert mine.spec.score == own.spec.score
    image = picture.read()
    for side in (None, 512):
        (a,), (b,) = mine.detect([image], side), own.detect([image], side)
        sure = b.scores > 0.3
        np.testing.assert_allclose(a.boxes[: sure.sum()], b.boxes[sure], atol=0.5)


def test_a_pose_network(tmp_path, monkeypatch):
    monkeypatch.setattr(
        export, "_people", lambda spec, images: [picture.BOXES[4:6] for _ in images]
    )
    (done,) = export.export_model("movenet-lightning", tmp_path / "joints.onnx")
    assert done.compared.worst <= 0.5
    assert done.compared.count >= 20
    monkeypatch.setenv("HIE_MODELS", str(tmp_path / "models"))
    result = run(
        "models", "import", tmp_path / "joints.onnx", "--manifest", tmp_path / "joints.yaml"
    )
    assert result.exit_code == 0, result.output
    assert registry.find("joints").task == "pose"


def test_a_detector_with_poses(tmp_path, monkeypatch):
    """MultiPose's maps, decoded after the graph: nobody is cut off."""
    (done,) = export.export_model("movenet-multipose", tmp_path / "multi.onnx")
    assert done.compared.worst <= 0.5
    assert done.compared.count >= 5
    monkeypatch.setenv("HIE_MODELS", str(tmp_path / "models"))
    result = run("models", "import", tmp_path / "multi.onnx", "--manifest", tmp_path / "multi.yaml")
    assert result.exit_code == 0, result.output
    mine, own = (registry.load_detector(name, "cpu") for name in ("multi", "movenet-multipose"))
    (a,), (b,) = mine.detect([picture.read()], 384), own.detect([picture.read()], 384)
    sure = b.scores > 0.3
    np.testing.assert_allclose(a.keypoints[: sure.sum()], b.keypoints[sure], atol=0.5)
    assert a.scores[0] == pytest.approx(b.scores[0], abs=1e-3)


def test_a_network_of_bins(tmp_path, monkeypatch):
    """Imported by its weights, exported, and imported again."""
    monkeypatch.setattr(
        export, "_people", lambda spec, images: [picture.BOXES[4:6] for _ in images]
    )
    monkeypatch.setenv("HIE_MODELS", str(tmp_path / "models"))
    path, manifest = tmp_path / "bins.pth", tmp_path / "m.yaml"
    torch.save(from_maps(movenet.LIGHTNING_NETWORK.trained()).state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(f"name: bins\nlike: lightning-simcc\nlicence: MIT\nsha256: {digest}\n")
    user_models.install(path, manifest)
    (done,) = export.export_model("bins", tmp_path / "again.onnx")
    assert done.compared.worst <= 0.5
    read = user_models.install(tmp_path / "again.onnx", tmp_path / "again.yaml")
    assert (read.task, read.decoder) == ("pose", SimCC(keypoints="coco17"))


def test_heatmaps_say_whose_joints_they_are():
    with torch.device("meta"):
        network = SimpleBaseline()
    form = form_of(network, packaged("simplebaseline-r50"), "mine")
    assert form.manifest == {"decoder": "heatmaps", "keypoints": "coco17"}
    assert form.outputs == ("heatmaps",)


def test_two_stages_are_refused_with_the_reason():
    with torch.device("meta"):
        network = RCNN()
    with pytest.raises(ConfigError, match="hangs on the picture"):
        form_of(network, packaged("fasterrcnn-r50"), "mine")


def test_accuracy_of_each_precision(tmp_path):
    (tmp_path / "data").mkdir()
    data = write_mix(tmp_path / "data", count=4)
    result = run(
        "export", "nanodet", "--onnx", tmp_path / "a.onnx", "--fp16", "--truth", data, "--json"
    )
    assert result.exit_code == 0, result.output
    whole, half = json.loads(result.stdout)["files"]
    assert set(whole["accuracy"]) == {"AP50", "AP", "recall"}
    assert whole["accuracy"] == pytest.approx(whole["torch_accuracy"], abs=0.02)
    assert half["torch_accuracy"] == whole["torch_accuracy"]
    assert half["precision"] == "fp16"
    assert whole["compared"]["torch_seconds"] > 0
    told = run("export", "movenet-lightning", "--onnx", tmp_path / "b.onnx", "--truth", data)
    assert told.exit_code == 0, told.output
    assert "OKS_AP" in told.stdout
    assert "torch" in told.stdout


def test_a_file_that_differs_is_not_written(tmp_path, monkeypatch):
    far = Compared(3.2, 1.0, 7, 0, 0, 0.1)
    monkeypatch.setattr(export, "_compared", lambda *given: far)
    with pytest.raises(ModelError, match=r"differs from torch by 3\.2 pixels"):
        export.export_model("nanodet", tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_it_says_where_nothing_was_compared(tmp_path, monkeypatch):
    """A network that sees nobody agrees with any other."""
    said = []
    monkeypatch.setattr(export, "_compared", lambda *given: Compared(0, 0, 0, 0, 0, 0.1))
    monkeypatch.setattr(export, "note", said.append)
    export.export_model("nanodet", tmp_path / "a.onnx")
    assert any("nothing compared; give --check" in line for line in said)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none"], "is unknown"),
        (["nanodet", "--fp16"], "already there"),
    ],
)
def test_what_is_wrong(tmp_path, words, message):
    (tmp_path / "a-fp16.onnx").write_bytes(b"")
    result = run("export", *words, "--onnx", tmp_path / "a.onnx")
    assert isinstance(result.exception, ConfigError | ModelError)
    assert message in str(result.exception)


def test_lost_and_extra_people_by_hand():
    class Fixed:
        def __init__(self, boxes, scores):
            self.people = People(np.array(boxes, float).reshape(-1, 4), np.array(scores))

        def detect(self, images, long_side=None):
            return [self.people] * len(images)

    ours = Fixed([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]], [0.9, 0.8, 0.1])
    theirs = Fixed([[0, 1, 10, 10], [60, 0, 70, 10]], [0.9, 0.7])
    found = compare.of_detectors(ours, theirs, [np.zeros((4, 4, 3), np.uint8)])
    assert (found.worst, found.count, found.lost, found.extra) == (1.0, 1, 1, 1)
