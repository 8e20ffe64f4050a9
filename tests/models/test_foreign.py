"""Decoders of published ONNX layouts, each on a graph with planted outputs, from import to use."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from hie_cli.core.errors import ModelError
from hie_cli.core.skeletons import COCO17
from hie_cli.models import imported_network, manifest, registry, user_models
from hie_cli.models.imported_network import open_network

pytestmark = pytest.mark.usefixtures("store")

# 96 x 128 images letterboxed into 64 x 64: scale 0.5, so one input pixel is two image pixels.
IMAGE = np.full((96, 128, 3), 50, np.uint8)
CELLS = 8 * 8 + 4 * 4 + 2 * 2  # of 64 x 64 at strides 8, 16, 32


@pytest.fixture
def install(tmp_path, graphs):
    """``install(data, **manifest)``: import a graph and load it by its name."""

    def run(data, suffix=".onnx", **values):
        values = {"name": "mine", **values}
        user_models.install(*graphs.write(tmp_path, data, suffix, **values))
        return registry.load("mine", "cpu", threads=1)

    return run


def test_yolox_without_decoding_in_the_graph(install, graphs):
    rows = np.zeros((1, CELLS, 85), np.float32)
    # Stride 16, row 1, column 2: centre (2 + .25, 1 + .5) * 16 = (36, 24), size 1 and 2 times 16.
    rows[0, 64 + 1 * 4 + 2] = [0.25, 0.5, 0.0, np.log(2), 0.8, 0.5, *[0.0] * 79]
    rows[0, 3, 4:] = 0.9  # a car: objectness .9 but every class alike ...
    rows[0, 3, 5] = 0.01  # ... except that it is no person: .009 is below the floor
    data = graphs.planted({"output": rows}, [1, 3, 64, 64])
    model = install(data, decoder="yolox", decoded=False, input_size=[64, 64])
    (people,) = model.detect([IMAGE])
    # x 36 -+ 8, y 24 -+ 16 input pixels, times 2.
    np.testing.assert_allclose(people.boxes, [[56, 16, 88, 80]], atol=1e-4)
    np.testing.assert_allclose(people.scores, [0.8 * 0.5])


def test_yolox_decoded_in_the_graph_and_near_copies_suppressed(install, graphs):
    rows = np.zeros((1, CELLS, 6), np.float32)
    rows[0, 10] = [36, 24, 16, 32, 1.0, 0.7]
    rows[0, 11] = [36, 24.5, 16, 32, 1.0, 0.6]  # overlap .97: the same person
    rows[0, 70] = [12, 24, 16, 32, 1.0, 0.6]  # somebody else
    data = graphs.planted({"output": rows}, [1, 3, 64, 64])
    model = install(data, decoder="yolox", decoded=True, input_size=[64, 64])
    first, second = model.detect([IMAGE, IMAGE])  # a graph of batch 1 runs image by image
    np.testing.assert_allclose(first.boxes, [[56, 16, 88, 80], [8, 16, 40, 80]], atol=1e-4)
    np.testing.assert_allclose(first.scores, [0.7, 0.6])
    np.testing.assert_array_equal(second.boxes, first.boxes)


def _nanodet_row(score, bins, count=80):
    """A cell with person probability ``score``, each side sure to be ``bins[side]`` cells."""
    sides = np.full((4, 8), -20.0)
    sides[np.arange(4), bins] = 20.0
    return np.concatenate(([score], np.zeros(count - 1), sides.ravel()))


def test_nanodet_plus_in_one_output(install, graphs):
    # NanoDet-Plus: 8 bins, a fourth stride of 64, distances from the cell's corner.
    rows = np.zeros((1, CELLS + 1, 80 + 32), np.float32)
    # Stride 8, row 3, column 4: corner (32, 24), sides 1, 2, 3, 4 cells of 8 pixels.
    rows[0, 3 * 8 + 4] = _nanodet_row(0.6, [1, 2, 3, 4])
    data = graphs.planted({"output": rows}, ["n", 3, 64, 64])
    model = install(
        data, decoder="nanodet", input_size=[64, 64], strides=[8, 16, 32, 64], centre=0.0
    )
    (people,) = model.detect([IMAGE])
    np.testing.assert_allclose(people.boxes, [[48, 16, 112, 112]], atol=1e-3)
    np.testing.assert_allclose(people.scores, [0.6])


def test_nanodet_in_one_output_pair_per_stride(install, graphs):
    outputs = {}
    for stride, count in ((8, 64), (16, 16), (32, 4)):
        outputs[f"cls_{stride}"] = np.zeros((1, count, 80), np.float32)
        outputs[f"dis_{stride}"] = np.zeros((1, count, 32), np.float32)
    row = _nanodet_row(0.6, [0, 1, 1, 0])
    # Stride 32, row 1, column 0: centre (16, 48).
    outputs["cls_32"][0, 2], outputs["dis_32"][0, 2] = row[:80], row[80:]
    model = install(
        graphs.planted(outputs, ["n", 3, 64, 64]), decoder="nanodet", input_size=[64, 64]
    )
    (people,) = model.detect([IMAGE])
    np.testing.assert_allclose(people.boxes, [[32, 32, 96, 96]], atol=1e-3)


def test_rtmo(install, graphs):
    dets = np.array([[[10, 20, 30, 60, 0.9], [0, 0, 4, 4, 0.01]]], np.float32)
    keypoints = np.zeros((1, 2, 17, 3), np.float32)
    keypoints[0, 0, :, 0] = np.arange(17)
    keypoints[0, 0, :, 1] = 40
    keypoints[0, 0, :, 2] = 0.5
    keypoints[0, 0, 5, 2] = 0.25  # left shoulder
    data = graphs.planted({"dets": dets, "keypoints": keypoints}, ["n", 3, 64, 64])
    model = install(data, decoder="rtmo", input_size=[64, 64], keypoints="coco17")
    (people,) = model.detect([IMAGE])
    np.testing.assert_allclose(people.boxes, [[20, 40, 60, 120]])
    np.testing.assert_allclose(people.keypoints[0, 0], [0, 80])  # nose
    # Shoulders are 5 and 6: mean x 5.5, times 2; score the lower of .25 and .5.
    np.testing.assert_allclose(people.keypoints[0, 1], [11, 80])
    assert people.keypoint_scores[0, 1] == 0.25


def test_movenet_multi(install, graphs):
    row = np.zeros((1, 6, 56), np.float32)
    row[0, 0, :51] = np.tile([0.5, 0.25, 0.75], 17)  # y, x, score
    row[0, 0, 51:] = [0.0, 0.25, 1.0, 0.5, 0.8]  # y1, x1, y2, x2, score
    data = graphs.planted({"output_0": row}, [1, "h", "w", 3], kind=TensorProto.INT32)
    model = install(data, decoder="movenet-multi", input_size=[64, 64], colour="rgb")
    (people,) = model.detect([IMAGE])
    np.testing.assert_allclose(people.boxes, [[32, 0, 64, 128]])
    np.testing.assert_allclose(people.keypoints[0], np.tile([32, 64], (14, 1)))
    # A graph of free size takes any long side: 128 x 96 is then one to one, padded to nothing.
    (people,) = model.detect([IMAGE], long_side=128)
    np.testing.assert_allclose(people.boxes, [[32, 0, 64, 96]])


BOXES = np.array([[20, 10, 60, 90], [0, 0, 40, 80]], np.float32)  # 40 x 80 pixels


def test_simcc(install, graphs):
    joints = len(COCO17.joints)
    simcc_x = np.zeros((1, joints, 96), np.float32)  # 48 pixels, two bins each
    simcc_y = np.zeros((1, joints, 128), np.float32)  # 64 pixels
    simcc_x[0, :, 24] = 0.9  # x = 12 input pixels
    simcc_y[0, :, 64] = 0.6  # y = 32 input pixels
    data = graphs.planted({"simcc_x": simcc_x, "simcc_y": simcc_y}, ["batch", 3, 64, 48])
    model = install(
        data,
        decoder="simcc",
        input_size=[48, 64],
        keypoints="coco17",
        context=1.0,
        colour="rgb",
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
    )
    empty, (keypoints, scores) = model.estimate([IMAGE, IMAGE], [BOXES[:0], BOXES])
    assert empty[0].shape == (0, 14, 2)
    # 3:4 windows of height 80 and width 60 about the boxes: left edges 10 and -10; 1.25 px per px.
    np.testing.assert_allclose(keypoints[0], np.tile([10 + 12 * 1.25, 10 + 32 * 1.25], (14, 1)))
    np.testing.assert_allclose(keypoints[1], np.tile([-10 + 12 * 1.25, 32 * 1.25], (14, 1)))
    np.testing.assert_allclose(scores, 0.6)  # the lower of both axes


def test_movenet_single(install, graphs):
    pose = np.tile(np.float32([0.25, 0.5, 0.75]), (1, 1, 17, 1))  # y, x, score
    data = graphs.planted({"output_0": pose}, [1, 64, 64, 3], kind=TensorProto.INT32)
    model = install(data, decoder="movenet-single", input_size=[64, 64], colour="rgb", context=1.0)
    ((keypoints, scores),) = model.estimate([IMAGE], [BOXES])
    # 80-pixel windows about the boxes: corners (0, 10) and (-20, 0).
    np.testing.assert_allclose(keypoints[0], np.tile([40, 30], (14, 1)))
    np.testing.assert_allclose(keypoints[1], np.tile([20, 20], (14, 1)))
    np.testing.assert_allclose(scores, 0.75)


def test_input_is_ordered_normalised_and_laid_out_as_the_manifest_says(graphs):
    image = np.zeros((1, 32, 32, 3), np.uint8)
    image[..., :] = [10, 20, 40]  # blue, green, red
    values = dict.fromkeys(("sha256",), "0" * 64) | {"name": "x", "licence": "x"}
    values |= {"decoder": "yolox", "decoded": False, "input_size": [32, 32]}
    model = manifest.parse(
        values | {"colour": "rgb", "mean": [0, 10, 10], "std": [2, 5, 1]}, "test"
    )
    network = open_network(graphs.echo([1, 3, 32, 32]), "x", model.spec(Path()).input, "cpu", 1)
    (seen,) = network(image)
    # red 40 / 2, green (20 - 10) / 5, blue 10 - 10
    np.testing.assert_allclose(seen[0, :, 7, 9], [20, 2, 0])
    model = manifest.parse(values, "test")
    network = open_network(graphs.echo(["n", "h", "w", 3]), "x", model.spec(Path()).input, "cpu", 1)
    np.testing.assert_allclose(network(image)[0][0, 7, 9], [10, 20, 40])


def test_results_of_different_length_are_filled_up():
    short, long = np.ones((1, 1, 5), np.float32), np.full((1, 2, 5), 2.0, np.float32)
    joined = imported_network._join([short, long])
    np.testing.assert_array_equal(joined[0], [[1] * 5, [0] * 5])
    np.testing.assert_array_equal(joined[1], [[2] * 5] * 2)


SIMCC = {"simcc_x": np.zeros((1, 17, 96)), "simcc_y": np.zeros((1, 17, 128))}
YOLOX = {"output": np.zeros((1, CELLS, 85))}


@pytest.mark.parametrize(
    ("outputs", "shape", "changes", "reason"),
    [
        (YOLOX, [1, 3, 64, 64], {"input_size": [96, 64]}, "takes 64 x 64 pixels"),
        (YOLOX, [1, 1, 64, 64], {}, "no colour dimension"),
        (YOLOX, [1, 3, 64, 64], {"strides": [8, 16]}, "(84, 85); expected one (80, 5 + classes)"),
        (YOLOX, [1, 3, 64, 64], {"person": 80}, "expected one (84, 5 + classes)"),
        (
            YOLOX,
            [1, 3, 64, 64],
            {"decoder": "nanodet", "decoded": None},
            "expected one (84, 80 + 4 * bins)",
        ),
        (
            YOLOX,
            [1, 3, 64, 64],
            {"decoder": "rtmo", "decoded": None, "keypoints": "coco17"},
            "expected dets (N, 5)",
        ),
        (
            YOLOX,
            [1, 3, 64, 64],
            {"decoder": "movenet-multi", "decoded": None},
            "expected (people, 56)",
        ),
        (
            YOLOX,
            [1, 3, 64, 64],
            {"decoder": "movenet-single", "decoded": None},
            "expected (1, 17, 3)",
        ),
        (
            SIMCC,
            [1, 3, 64, 48],
            {"decoder": "simcc", "decoded": None, "keypoints": "halpe26", "input_size": [48, 64]},
            "expected simcc_x (26, 96)",
        ),
        (
            SIMCC,
            [1, 3, 64, 48],
            {
                "decoder": "simcc",
                "decoded": None,
                "keypoints": "coco17",
                "input_size": [48, 64],
                "split_ratio": 1,
            },
            "expected simcc_x (17, 48)",
        ),
    ],
)
def test_a_graph_that_does_not_fit_is_refused(
    tmp_path, store, graphs, outputs, shape, changes, reason
):
    values = {"name": "bad", "decoder": "yolox", "decoded": False, "input_size": [64, 64]}
    paths = graphs.write(tmp_path, graphs.planted(outputs, shape), **values | changes)
    with pytest.raises(ModelError) as error:
        user_models.install(*paths)
    assert reason in str(error.value)
    assert str(paths[0]) in str(error.value)
    assert not store.exists()


def test_a_file_that_is_no_graph_is_refused(tmp_path, graphs):
    values = {"name": "bad", "decoder": "yolox", "decoded": False, "input_size": [64, 64]}
    paths = graphs.write(tmp_path, b"not a graph", **values)
    with pytest.raises(ModelError, match="not an ONNX graph"):
        user_models.install(*paths)


def test_a_fixed_size_refuses_another(install, graphs):
    data = graphs.planted(YOLOX, [1, 3, 64, 64])
    model = install(data, decoder="yolox", decoded=False, input_size=[64, 64])
    assert len(model.detect([IMAGE], long_side=64)[0]) == 0
    with pytest.raises(ModelError, match="64 x 64 pixels only"):
        model.detect([IMAGE], long_side=128)
