"""``tools/build_weights.py``: the reader, the strict mapping, and the files it left."""

import hashlib
import importlib.util
import json

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file
from torch import nn

from hie_cli.models.packaged import NETWORKS
from hie_cli.models.weights import PACKAGED
from tests.support.paths import ROOT

TOOL = ROOT / "tools" / "build_weights.py"
spec = importlib.util.spec_from_file_location("build_weights", TOOL)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def _manifest(*entries):
    return [{"weights": [dict(zip(("name", "shape", "dtype"), e, strict=True)) for e in entries]}]


def test_arrays_follow_one_another_in_the_file():
    raw = np.float32([1, 2, 3, 4]).tobytes() + np.int32([5]).tobytes()
    arrays = tool.read_arrays(_manifest(("a", [2, 2], "float32"), ("b", [], "int32")), raw)
    np.testing.assert_array_equal(arrays["a"], [[1, 2], [3, 4]])
    assert arrays["b"] == 5
    with pytest.raises(SystemExit, match="describes 16 bytes, the file has 20"):
        tool.read_arrays(_manifest(("a", [2, 2], "float32")), raw)


def test_float16_storage_is_kept():
    entry = {"name": "a", "shape": [2], "dtype": "float32", "quantization": {"dtype": "float16"}}
    arrays = tool.read_arrays([{"weights": [entry]}], np.float16([1.5, -2]).tobytes())
    assert arrays["a"].dtype == np.float16
    entry["quantization"]["dtype"] = "uint8"
    with pytest.raises(SystemExit, match="a: storage uint8"):
        tool.read_arrays([{"weights": [entry]}], b"12")


def test_convolutions_of_a_graph(tmp_path):
    nodes = [
        {"name": "w", "op": "Const"},
        {"name": "d", "op": "Const"},
        {"name": "b", "op": "Const"},
        {"name": "plain", "op": "Conv2D", "input": ["x", "w"]},
        {"name": "sum", "op": "Add", "input": ["plain", "b"]},
        {"name": "deep", "op": "DepthwiseConv2dNative", "input": ["sum", "d"]},
        {"name": "fused", "op": "_FusedConv2D", "input": ["deep", "w", "b"]},
    ]
    weight, deep = np.arange(12).reshape(1, 2, 3, 2), np.arange(6).reshape(1, 2, 3, 1)
    bias = np.float16([7, 8])
    raw = b"".join(np.float16(array).tobytes() for array in (weight, deep, bias))
    half = {"dtype": "float32", "quantization": {"dtype": "float16"}}
    shapes = {"w": (1, 2, 3, 2), "d": (1, 2, 3, 1), "b": (2,)}
    entries = [{"name": n, "shape": s, **half} for n, s in shapes.items()]
    graph = {"modelTopology": {"node": nodes}, "weightsManifest": [{"weights": entries}]}
    (tmp_path / "m.json").write_text(json.dumps(graph))
    (tmp_path / "m.bin").write_bytes(raw)
    plain, depthwise, fused = tool.read_convolutions(tmp_path / "m.json")
    assert plain.weight.shape == (2, 3, 1, 2)  # out, in, h, w
    assert plain.weight[1, 2, 0, 1] == weight[0, 1, 2, 1]
    assert depthwise.weight.shape == (3, 1, 1, 2)  # channels, 1, h, w
    assert depthwise.weight[2, 0, 0, 1] == deep[0, 1, 2, 0]
    assert depthwise.bias is None
    np.testing.assert_array_equal(plain.bias, bias)
    np.testing.assert_array_equal(fused.bias, bias)


def _convolution(name, bias=True, dtype=np.float16):
    return tool.Convolution(name, np.ones((2, 3, 1, 1), dtype), np.ones(2, dtype) if bias else None)


def test_mapping_is_strict():
    network = nn.ModuleDict({"a": nn.Conv2d(3, 2, 1)})
    same = str
    state = tool.state_of([_convolution("a")], same, network)
    assert sorted(state) == ["a.bias", "a.weight"]
    with pytest.raises(SystemExit, match="filled twice"):
        tool.state_of([_convolution("a"), _convolution("a")], same, network)
    for wrong in ([], [_convolution("a", bias=False)], [_convolution("a"), _convolution("b")]):
        with pytest.raises(SystemExit, match="does not fit the network at"):
            tool.state_of(wrong, same, network)
    with pytest.raises(SystemExit, match="float16"):
        tool.state_of([_convolution("a", dtype=np.float32)], same, network)


def test_a_package_of_another_version_is_refused(tmp_path):
    for name in tool.SOURCES:
        (tmp_path / f"{name}.bin").write_bytes(b"other")
    with pytest.raises(SystemExit, match=r"sha256 .*, expected .* \(3\.0\.4\)"):
        tool.build(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_the_files_are_float16_and_their_graphs_fit(network):
    name = network.name
    state = load_file(PACKAGED / f"{name}.safetensors")
    wanted = {k: tuple(v.shape) for k, v in network.build().state_dict().items()}
    assert {k: v.shape for k, v in state.items()} == wanted
    assert {v.dtype for v in state.values()} == {np.dtype(np.float16)}
    graph = onnx.load(PACKAGED / f"{name}.onnx", load_external_data=False).graph
    assert {t.name: tuple(t.dims) for t in graph.initializer} == wanted
    assert all(t.data_location == onnx.TensorProto.EXTERNAL for t in graph.initializer)
    assert "Pad" not in {node.op_type for node in graph.node}, "convolutions pad for themselves"


def test_the_origin_note_lists_every_file_as_it_is():
    note = (PACKAGED / "LICENSES" / "ORIGIN.md").read_text()
    for path in sorted(PACKAGED.glob("*.*")):
        # Those trained by hie say themselves how.
        if path.is_file() and path.stem not in ("pose-stream-sim", "kinematic"):
            assert f"| `{path.name}` | `{hashlib.sha256(path.read_bytes()).hexdigest()}` |" in note
    for sha256 in tool.SOURCES.values():
        assert sha256 in note
