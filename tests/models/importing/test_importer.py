"""From a file without a manifest to a model in use; what is no ONNX file gets a word of help."""

import json

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from hie_cli.cli.app import build
from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.core.geometry import iou
from hie_cli.models import registry
from hie_cli.models.decoders.detection_rows import DetectionRows
from hie_cli.models.detectors import ImageDetector
from hie_cli.models.imported_network import ImportedNetwork
from hie_cli.models.importing import importer, picture
from hie_cli.models.importing.first_scores import first_scores
from hie_cli.models.importing.look import Look
from hie_cli.models.importing.recognise import Recognised
from hie_cli.models.runtime import session
from hie_cli.models.spec import InputSpec, ModelSpec
from tests.support import seeing_graphs
from tests.support.output_layouts import RAW, rows, yolox

pytestmark = pytest.mark.usefixtures("store")


def test_a_detector_from_its_bytes_alone(tmp_path, store):
    path = tmp_path / "Some Detector_v1.onnx"
    path.write_bytes(seeing_graphs.detector(RAW, yolox(False)))
    done = importer.import_model(path, licence="MIT")
    assert (done.spec.name, done.layout, done.spec.licence) == ("some-detector_v1", "yolox", "MIT")
    drawn = cv2.imread(str(done.picture))
    assert drawn.shape == picture.read().shape
    assert (drawn != picture.read()).any(2).sum() > 500
    model = registry.load_detector("some-detector_v1", "cpu", 1)
    (people,) = model.detect([picture.read()])
    assert (iou(people.boxes, picture.BOXES).max(0) > 0.9).all()
    with pytest.raises(ModelError, match="already imported; --overwrite replaces"):
        importer.import_model(path)
    assert sorted(p.name for p in store.iterdir()) == ["some-detector_v1"]


def test_the_command_says_what_it_assumed(tmp_path):
    path = tmp_path / "given.onnx"
    path.write_bytes(seeing_graphs.detector(RAW, yolox(False)))
    result = CliRunner().invoke(
        build(), ["models", "import", str(path), "--name", "mine", "--json"]
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["name"], told["layout"], told["task"]) == ("mine", "yolox", "detect")
    assert told["seen"].startswith("7 of the 7")
    assert any("bgr" in line for line in told["assumptions"])
    plain = CliRunner().invoke(build(), ["models", "import", str(path), "--name", "other"])
    assert "decoded False)" in plain.stdout
    wrong = CliRunner().invoke(
        build(), ["models", "import", str(path), "--set", "colur=rgb", "--name", "third"]
    )
    assert "did you mean 'colour'" in str(wrong.exception)


def test_doubts_are_refused_unless_accepted(tmp_path, store, monkeypatch):
    path = tmp_path / "given.onnx"
    path.write_bytes(seeing_graphs.detector(RAW, rows("x1", "y1", "x2", "y2", "score", "class")))

    def doubtful(session, name, fixed):
        layout, spec = DetectionRows(), InputSpec((416, 416))
        seen = Look("all", True, picture.read())
        return Recognised(layout, spec, 0.9, seen, ("layout", "colours"), ("rgb does as well",))

    monkeypatch.setattr(importer, "recognise", doubtful)
    with pytest.raises(ConfigError, match=r"rgb does as well: state .* --set .* --accept-doubts"):
        importer.import_model(path, picture_file=tmp_path / "saw.png")
    assert cv2.imread(str(tmp_path / "saw.png")).shape == picture.read().shape
    assert not store.exists()
    assert importer.import_model(path, accept_doubts=True).doubts == ("rgb does as well",)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.tflite", b"\x20\0\0\0TFL3", "TensorFlow Lite"),
        ("disguised.onnx", b"\x20\0\0\0TFL3", "TensorFlow Lite"),
        ("a.pt", b"PK\x03\x04", r"torch\.onnx\.export"),
        ("disguised.onnx", b"PK\x03\x04rest", "TorchScript"),
        ("a.pkl", b"\x80\x04", "would run code"),
        ("a.engine", b"ftrt", "TensorRT"),
        ("a.safetensors", b"12345678{}", "manifest with `like`"),
        ("a.xml", b"<?xml ", "OpenVINO"),
        ("a.onnx", b"nothing of the kind", "not an ONNX graph"),
        ("a.onnx", b"", "cannot load the graph|no image|one image"),
    ],
)
def test_what_is_no_onnx_file(tmp_path, store, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ModelError, match=words) as error:
        importer.import_model(tmp_path / name)
    assert str(error.value).startswith(str(tmp_path / name))
    assert "\n" not in str(error.value)
    assert not store.exists()


def test_the_pictures_show_the_people():
    """The packaged detector agrees with the boxes that imports are judged by."""
    model = registry.load_detector("nanodet", "cpu", 1)
    (people,) = model.detect([picture.read()], 1024)
    assert (iou(people.boxes, picture.BOXES).max(0) > 0.6).all()
    (earlier,) = model.detect([picture.read("people_second_earlier")], 1024)
    assert (iou(earlier.boxes, picture.EARLIER_BOXES).max(0) > 0.5).all()
    for person, joints in picture.JOINTS.items():
        x1, y1, x2, y2 = picture.BOXES[person]
        assert ((joints > (x1 - 3, y1 - 3)) & (joints < (x2 + 3, y2 + 3))).all()
    for view in picture.squares():
        assert (view.boxes >= 0).all()
        assert (view.boxes <= view.image.shape[0]).all()
    assert np.array_equal(picture.whole().image, picture.read())


def test_scores_begin_with_what_the_pictures_show():
    """A network that gives people .55 and 293 times nobody .35."""

    def shy(boxes, hw):
        rows = np.zeros((300, 6), np.float32)
        rows[: len(boxes), :4] = boxes
        rows[: len(boxes), 4] = 0.55
        rows[len(boxes) :, :4] = np.random.default_rng(0).uniform(0, 350, (300 - len(boxes), 1))
        rows[len(boxes) :, 2:4] += 50
        rows[len(boxes) :, 4] = 0.35
        return {"output": rows}

    data = seeing_graphs.detector(RAW, shy)
    spec = ModelSpec("shy", "detect", None, input=RAW, decoder=DetectionRows())
    network = ImportedNetwork(session(data, "shy", 1), "shy", RAW)
    record = first_scores(ImageDetector(spec, network, DetectionRows()))
    somebody, nobody = record.probability(np.array([0.55, 0.35]), np.array([80.0, 80.0]))
    assert somebody > 0.5
    assert nobody < 0.3
    assert nobody >= 0.3 * 0.35  # and yet not lost: crowds hide people among such scores
    _b0, b1, b2, b3 = record.coefficients
    assert (b1 > 2, b2, b3) == (True, 0, 0)
    silent = seeing_graphs.detector(RAW, lambda boxes, hw: {"output": np.zeros((5, 6))})
    network = ImportedNetwork(session(silent, "shy", 1), "shy", RAW)
    assert first_scores(ImageDetector(spec, network, DetectionRows())) is None


def test_an_imported_detector_has_a_first_calibration(tmp_path):
    path = tmp_path / "given.onnx"
    path.write_bytes(seeing_graphs.detector(RAW, yolox(False)))
    done = importer.import_model(path)
    assert done.spec.score.raw_weight == 0.3
    assert done.assumptions[-1].startswith("scores 0.3 as 0.")
    assert registry.find("given").score == done.spec.score
    own = {"score_calibration": [0, 1, 0, 0], "recall": [1.0] * 12}
    done = importer.import_model(path, name="other", set=own)
    assert done.spec.score.coefficients == (0, 1, 0, 0)
