"""Our networks and decoders against the original graphs, on real images.

``tests/data/parity`` holds what the original graphs gave (see ``tools/parity_fixtures.py``).
Both runtimes must agree with it: boxes and keypoints within half a pixel, scores within 1e-3.
"""

import cv2
import numpy as np
import pytest

from hie_cli.core.geometry import iou
from hie_cli.core.skeletons import COCO17, to_hieve
from hie_cli.models import assembly, registry, runtime
from hie_cli.models.decoders.centernet import decode
from hie_cli.models.packaged import NETWORKS, network_of
from tests.support.paths import DATA

FOLDER = DATA / "parity"
PIXELS, SCORE = 0.5, 1e-3


def original(name):
    return np.load(FOLDER / f"{name}.npz"), cv2.imread(str(FOLDER / f"{name}.png"))


@pytest.fixture(scope="module", params=["onnx", "torch"])
def load(request):
    """``load(name)``: that model on ONNX Runtime or on torch, both on one CPU thread."""

    def build(name):
        if request.param == "onnx":
            return registry.load(name, "cpu", threads=1)
        spec = registry.find(name)
        network = runtime.TorchNetwork(network_of(spec).trained(), "cpu", threads=1)
        return assembly.assemble(spec, network)

    return build


def test_nanodet_agrees_with_the_original(load):
    reference, image = original("nanodet")
    scores, _ = load("nanodet").network(image[None])
    np.testing.assert_allclose(scores[0], reference["scores"], atol=SCORE)

    # The original leaves the boxes to its user: distances are the mean of softmax over 0..10 cells.
    cells = reference["cells"]
    power = np.exp(reference["bins"].reshape(4, 11, -1).astype(float))
    distance = np.einsum("sbk,b->sk", power / power.sum(1, keepdims=True), np.arange(11))
    side = [52, 26, 13]  # cells a side at strides 8, 16, 32 of 416 pixels
    expected = []
    for cell, (left, top, right, bottom) in zip(cells, distance.T, strict=True):
        level = int(cell >= 52**2) + int(cell >= 52**2 + 26**2)
        row, column = divmod(cell - [0, 52**2, 52**2 + 26**2][level], side[level])
        stride, x, y = 8 << level, column + 0.5, row + 0.5
        expected.append(np.array([x - left, y - top, x + right, y + bottom]) * stride)
    people = load("nanodet").detect([image], 416)[0]
    assert len(people) > 5
    overlap = iou(people.boxes, np.array(expected))
    for box, score, row in zip(people.boxes, people.scores, overlap, strict=True):
        same = np.flatnonzero(np.abs(reference["scores"][cells] - score) < SCORE)
        best = same[row[same].argmax()]
        np.testing.assert_allclose(box, expected[best], atol=PIXELS)


@pytest.mark.parametrize("name", ["movenet-thunder", "movenet-lightning"])
def test_single_pose_agrees_with_the_original(load, name):
    reference, pair = original(name)
    side = len(pair)
    crops = [np.ascontiguousarray(pair[:, :side]), np.ascontiguousarray(pair[:, side:])]
    # A box whose window of 1.25 x is exactly the crop.
    box = np.array([[0.5 - 0.3999, 0.5 - 0.3999, 0.5 + 0.3999, 0.5 + 0.3999]]) * side
    found = load(name).estimate(crops, [box, box])
    for (keypoints, scores), rows in zip(found, reference["final"][:, 0], strict=True):
        expected = to_hieve(COCO17, rows[:, 1::-1] * side, rows[:, 2])
        np.testing.assert_allclose(keypoints[0], expected[0], atol=PIXELS)
        np.testing.assert_allclose(scores[0], expected[1], atol=SCORE)


def test_multipose_agrees_with_the_original(load):
    reference, image = original("movenet-multipose")
    model = load("movenet-multipose")
    height, width = image.shape[:2]
    maps = [array[0] for array in model.network(image[None])]
    # The original keeps six people and has its own rule for how far a keypoint may be.
    found = decode(maps, floor=0.01, limit=6, reach=None)
    rows = reference["final"][0]
    order = [int(np.abs(found.boxes - _box(row, height, width)).sum(1).argmin()) for row in rows]
    assert sorted(order) == list(range(6))
    for person, row in zip(order, rows, strict=True):
        np.testing.assert_allclose(found.boxes[person], _box(row, height, width), atol=PIXELS)
        poses = row[:51].reshape(17, 3)
        expected = poses[:, 1::-1] * (width, height)
        np.testing.assert_allclose(found.keypoints[person], expected, atol=PIXELS)
        # The original lends a keypoint the best score that any of the six has in that cell, ours
        # is the person's own: equal where nobody else's box reaches, never higher.
        others = np.delete(found.boxes, person, 0)[:, None]
        shared = ((others[..., :2] - 4 < expected) & (expected < others[..., 2:] + 4)).all(2).any(0)
        own = found.keypoint_scores[person]
        np.testing.assert_allclose(own[~shared], poses[~shared, 2], atol=SCORE)
        assert (own <= poses[:, 2] + SCORE).all()
        if not shared.any():
            assert found.scores[person] == pytest.approx(row[55], abs=SCORE)


def _box(row, height, width):
    y1, x1, y2, x2 = row[51:55]
    return np.array([x1 * width, y1 * height, x2 * width, y2 * height])


@pytest.mark.parametrize("name", [n.name for n in NETWORKS if n.name.startswith("movenet")])
def test_head_maps_agree_with_the_original(load, name):
    reference, image = original(name)
    size = len(image)
    images = image[None] if "multi" in name else np.stack((image[:, :size], image[:, size:]))
    model = "movenet-multipose" if "multi" in name else name
    network = load(model).network
    names = network_of(registry.find(model)).build().OUTPUTS
    for head, ours in zip(names, network(np.ascontiguousarray(images)), strict=True):
        theirs = reference[head]
        if head in ("center", "heatmap"):
            theirs = 1 / (1 + np.exp(-theirs.astype(float)))
        tolerance = SCORE if head in ("center", "heatmap") else 0.1 * PIXELS / 4  # 4 px a cell
        ours = ours[:, :, ::4, ::4]
        if head == "center" and "multi" in name:  # ours keeps local maxima only
            theirs = np.where(ours > 0, theirs, 0)
            assert (ours > 0).any()
        np.testing.assert_allclose(ours, theirs, atol=tolerance)


def test_mobilenet_agrees_with_the_published_weights(load):
    """The fixture: features in float32 with batch normalisation apart, of NanoDet's picture."""
    image = cv2.resize(original("nanodet")[1], (224, 224), interpolation=cv2.INTER_AREA)
    expected = np.load(FOLDER / "mobilenet-v2.npz")["features"]
    (found,) = load("mobilenet-v2").embed([image], [np.array([[0, 0, 224, 224]])])
    assert float(found[0] @ expected / np.linalg.norm(expected)) > 0.9999
