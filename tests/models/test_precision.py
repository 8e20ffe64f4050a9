"""The packaged networks in 8 bits: when they are taken, and that they see what float32 sees."""

import hashlib

import numpy as np
import pytest

from hie_cli.core import geometry
from hie_cli.core.errors import ModelError
from hie_cli.models import registry, runtime, weights
from hie_cli.models.importing.picture import read
from hie_cli.models.packaged import NETWORKS

needs_vnni = pytest.mark.skipif(
    not runtime.multiplies_bytes(), reason="8-bit sums may saturate on this CPU"
)


@pytest.mark.parametrize(
    ("precision", "device", "vnni", "expected"),
    [
        ("auto", "cpu", True, True),
        ("auto", "cpu", False, False),
        ("int8", "cpu", False, True),
        ("fp32", "cpu", True, False),
    ],
)
def test_when_the_8_bit_form_is_taken(precision, device, vnni, expected, monkeypatch):
    monkeypatch.setattr(runtime, "multiplies_bytes", lambda: vnni)
    assert runtime.wants_int8(precision, device) is expected


def test_8_bits_are_for_the_cpu(monkeypatch):
    monkeypatch.setattr(runtime, "resolve_device", lambda device: "cuda")
    assert runtime.wants_int8("auto", "auto") is False
    with pytest.raises(ModelError, match="int8 is for the CPU; use --device cpu"):
        runtime.wants_int8("int8", "auto")
    with pytest.raises(
        ModelError, match="--precision fp8: unknown; use one of auto, fp32, int8, fp16"
    ):
        runtime.wants_int8("fp8", "cpu")


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_the_checksum_is_that_of_the_file_in_use(network):
    assert registry.load(network.name, "cpu", 1, "fp32").sha256 == network.sha256
    if network.int8 is None:
        return
    data = (weights.PACKAGED / f"{network.name}-int8.onnx").read_bytes()
    int8 = registry.load(network.name, "cpu", 1, "int8")
    assert int8.sha256 == hashlib.sha256(data).hexdigest()


@needs_vnni
@pytest.mark.parametrize("name", ["nanodet", "movenet-multipose"])
def test_detectors_see_the_same_people(name):
    image = read()
    exact, rounded = (
        registry.load_detector(name, "cpu", 1, precision).detect([image], 640)[0]
        for precision in ("fp32", "int8")
    )
    sure = exact[exact.scores > 0.5]
    overlap = geometry.iou(sure.boxes, rounded.boxes)
    best = overlap.argmax(1)
    assert len(sure) >= 2
    assert (overlap.max(1) > 0.75).all()
    assert np.abs(rounded.scores[best] - sure.scores).max() < 0.2


@needs_vnni
@pytest.mark.parametrize("name", ["movenet-thunder", "movenet-lightning"])
def test_poses_are_the_same_within_half_a_head(name):
    image = read()
    found = registry.load_detector("nanodet", "cpu", 1, "fp32").detect([image], 640)[0]
    boxes = found.boxes[geometry.nms(found.boxes, found.scores, 0.5)][:6]
    (exact, scores), (rounded, _) = (
        registry.load_estimator(name, "cpu", 1, precision).estimate([image], [boxes])[0]
        for precision in ("fp32", "int8")
    )
    apart = np.linalg.norm(exact - rounded, axis=-1) / (boxes[:, 3] - boxes[:, 1])[:, None]
    assert (apart[scores > 0.5] < 0.065).mean() > 0.85


@needs_vnni
def test_bytes_do_not_depend_on_batch_or_threads():
    network = next(n for n in NETWORKS if n.name == "movenet-lightning").int8
    images = np.random.default_rng(0).integers(0, 255, (3, 192, 192, 3), dtype=np.uint8)
    spec = registry.find("movenet-lightning").input
    one, two = (network.open(spec, "cpu", threads) for threads in (1, 2))
    whole = one(images)
    for a, b, c in zip(whole, two(images), one(images[1:2]), strict=True):
        assert a.tobytes() == b.tobytes()
        assert a[1:2].tobytes() == c.tobytes()
