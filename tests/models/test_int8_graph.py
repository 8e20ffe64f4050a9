"""``tools/int8_graph.py``: the layout changes, the outputs do not."""

import importlib.util

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from tests.support.paths import ROOT

SPEC = importlib.util.spec_from_file_location("int8_graph", ROOT / "tools" / "int8_graph.py")
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)


class Build:
    """A graph of quantised convolutions, as ``tools/quantise_weights.py`` writes them."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.weights = [], []

    def hold(self, name, values):
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def dequantised(self, name, values, scale):
        zero = np.zeros(len(scale), np.asarray(values).dtype)
        parts = (self.hold(name, values), self.hold(f"{name}_s", np.float32(scale)))
        inputs = [*parts, self.hold(f"{name}_z", zero)]
        self.nodes.append(helper.make_node("DequantizeLinear", inputs, [f"{name}_f"], axis=0))
        return f"{name}_f"

    def activation(self, name, scale, zero):
        parts = [self.hold(f"{name}_s", np.float32(scale)), self.hold(f"{name}_z", np.uint8(zero))]
        self.nodes += [
            helper.make_node("QuantizeLinear", [name, *parts], [f"{name}_q"]),
            helper.make_node("DequantizeLinear", [f"{name}_q", *parts], [f"{name}_d"]),
        ]
        return f"{name}_d"

    def conv(self, name, source, step, shape, stride=1, groups=1):
        """A convolution in 8 bits; ``step``: the scale of what it reads."""
        scale = self.rng.uniform(0.002, 0.02, shape[0])
        weight = self.dequantised(
            f"{name}_w", self.rng.integers(-127, 128, shape, dtype=np.int8), scale
        )
        bias = self.rng.integers(-900, 900, shape[0], dtype=np.int32)
        inputs = [source, weight, self.dequantised(f"{name}_b", bias, scale * step)]
        pads = [shape[2] // 2] * 4 if stride == 1 else [0, 0, 1, 1]
        self.nodes.append(
            helper.make_node("Conv", inputs, [name], name, kernel_shape=shape[2:],
                             strides=[stride] * 2, pads=pads, group=groups)
        )  # fmt: skip
        return self.activation(name, 0.05, 0)

    def model(self, outputs):
        images = helper.make_tensor_value_info("images", 2, ["n", "h", "w", 3])
        made = [helper.make_tensor_value_info(name, 1, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "small", [images], made, self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def pixels(build):
    build.nodes.append(helper.make_node("Transpose", ["images"], ["planes"], perm=[0, 3, 1, 2]))
    parts = [build.hold("pixels_s", np.float32(1)), build.hold("pixels_z", np.uint8(127))]
    build.nodes.append(helper.make_node("DequantizeLinear", ["planes", *parts], ["pixels"]))
    return "pixels"


def last(build, name, source, channels):
    """A convolution of one pixel in float32."""
    weight = build.hold(f"{name}.w", build.rng.normal(size=channels + (1, 1)).astype(np.float32))
    bias = build.hold(f"{name}.b", build.rng.normal(size=channels[0]).astype(np.float32))
    build.nodes.append(
        helper.make_node("Conv", [source, weight, bias], [name], f"/{name}/Conv",
                         kernel_shape=[1, 1], group=1)
    )  # fmt: skip


def movenet():
    build = Build(1)
    stem = build.conv("stem", pixels(build), 1.0, (6, 3, 3, 3), stride=2)
    depthwise = build.conv("depthwise", stem, 0.05, (6, 1, 3, 3), groups=6)
    project = build.conv("project", depthwise, 0.05, (8, 6, 1, 1))
    last(build, "regress", project, (34, 8))
    last(build, "logits", project, (17, 8))
    build.nodes.append(helper.make_node("Sigmoid", ["logits"], ["heatmap"]))
    return build.model(["regress", "heatmap"])


def nanodet():
    build = Build(2)
    stem = build.conv("stem", pixels(build), 1.0, (8, 3, 3, 3), stride=2)
    other = build.conv("other", stem, 0.05, (16, 8, 3, 3))
    build.conv("more", other, 0.05, (16, 16, 1, 1))
    last(build, "all", "more_d", (124, 16))
    flat = build.hold("flat", np.array([0, 0, -1]))
    cut = [build.hold(f"cut{k}", np.array([n])) for k, n in enumerate((80, 2**62, 1))]
    build.nodes += [
        helper.make_node("Reshape", ["all", flat], ["rows"]),
        helper.make_node("Slice", ["rows", *cut], ["bins"]),
        helper.make_node("Gather", ["rows", build.hold("person", np.array(0))], ["scores"], axis=1),
    ]
    return build.model(["scores", "bins"])


def outputs(model, images):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    run = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    ).run(None, {"images": images})
    return [np.asarray(each) for each in run]


@pytest.mark.parametrize("graph", [movenet, nanodet])
def test_outputs_stay_the_same(graph):
    images = np.random.default_rng(3).integers(0, 256, (2, 32, 64, 3), dtype=np.uint8)
    before = outputs(graph(), images)
    assert all(np.ptp(each) > 0.1 for each in before)
    model = graph()
    tool.quick(model)
    fourth = np.full((*images.shape[:3], 1), 200, np.uint8)
    after = outputs(model, np.concatenate((images, fourth), -1))
    for old, new in zip(before, after, strict=True):
        np.testing.assert_allclose(new, old, rtol=1e-5, atol=1e-5)


def held(model):
    return {each.name: tuple(each.dims) for each in model.graph.initializer}


def test_movenets_layout():
    model = movenet()
    tool.quick(model)
    shapes = held(model)
    assert shapes["stem_w"] == (16, 4, 3, 3)  # 6 channels in a block of 16
    assert shapes["depthwise_w"] == (16, 1, 3, 3)
    assert shapes["project_w"] == (8, 16, 1, 1)
    assert shapes["regress.w"] == (8, 34)  # a product of matrices
    assert [node.op_type for node in model.graph.node].count("MatMul") == 2


def test_nanodets_other_classes_are_gone():
    model = nanodet()
    tool.quick(model)
    assert held(model)["all.w"] == (45, 16, 1, 1)  # people, and 4 x 11 bins


def test_the_packaged_files_are_laid_out():
    for path in sorted((ROOT / "hie_cli" / "weights").glob("*-int8.onnx")):
        images = onnx.load(path).graph.input[0].type.tensor_type.shape.dim
        assert images[3].dim_value == 4, path.name
