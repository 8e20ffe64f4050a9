"""Small ONNX graphs of published layouts whose outputs are planted; a store of one's own."""

import hashlib
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper


@pytest.fixture
def graphs():
    """The functions of this file that build graphs and manifests."""
    return SimpleNamespace(planted=planted, echo=echo, write=write)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty folder of imported models (not made yet)."""
    monkeypatch.setenv("HIE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def planted(outputs, shape, *, kind=TensorProto.FLOAT):
    """A graph that takes images of ``shape`` and always gives ``outputs`` (name -> array).

    ``shape`` may hold names for free dimensions; the arrays' first dimension is then repeated for
    each image.
    """
    names, nodes, constants, results = list(outputs), [], [], []
    nodes.append(helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT))
    nodes.append(helper.make_node("ReduceMean", ["floats"], ["mean"], axes=[1, 2, 3], keepdims=0))
    constants.append(numpy_helper.from_array(np.float32([0.0]), "none"))
    nodes.append(helper.make_node("Mul", ["mean", "none"], ["zero"]))
    for name in names:
        array = np.asarray(outputs[name], np.float32)
        constants.append(numpy_helper.from_array(array, f"{name}_value"))
        spread = np.array([-1] + [1] * (array.ndim - 1), np.int64)
        constants.append(numpy_helper.from_array(spread, f"{name}_spread"))
        nodes.append(helper.make_node("Reshape", ["zero", f"{name}_spread"], [f"{name}_zero"]))
        nodes.append(helper.make_node("Add", [f"{name}_value", f"{name}_zero"], [name]))
        shape_out = ["n", *array.shape[1:]]
        results.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape_out))
    graph = helper.make_graph(
        nodes,
        "planted",
        [helper.make_tensor_value_info("images", kind, shape)],
        results,
        constants,
    )
    return _bytes(graph)


def echo(shape, *, kind=TensorProto.FLOAT):
    """A graph that gives back what it was given."""
    graph = helper.make_graph(
        [helper.make_node("Identity", ["images"], ["seen"])],
        "echo",
        [helper.make_tensor_value_info("images", kind, shape)],
        [helper.make_tensor_value_info("seen", kind, shape)],
    )
    return _bytes(graph)


def _bytes(graph):
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model.SerializeToString()


def write(folder, data, suffix=".onnx", **manifest):
    """The file and a fitting manifest for it, in ``folder``; returns both paths."""
    path = folder / f"given{suffix}"
    path.write_bytes(data)
    values = {"sha256": hashlib.sha256(data).hexdigest(), "licence": "CC0-1.0"} | manifest
    described = folder / "given.yaml"
    described.write_text(yaml.safe_dump({k: v for k, v in values.items() if v is not None}))
    return path, described
