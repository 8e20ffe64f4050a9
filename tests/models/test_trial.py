"""Graphs that loop, that want memory, that keep their weights elsewhere: refused, in a child."""

import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hie_cli.core.errors import ModelError
from hie_cli.models import user_models
from hie_cli.models.onnx_bytes import check_self_contained
from hie_cli.models.trial import TrialSession

IMAGES = {"images": np.full((1, 3, 4, 4), 2.5, np.float32)}


def graph(nodes, outputs, constants=(), shape=(1, 3, 4, 4)):
    """The bytes of a model of ``nodes`` with the input ``images``."""
    made = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return model


def endless():
    """A loop of 2^62 rounds whose condition stays true."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["on"], ["still"]),
            helper.make_node("Add", ["before", "one"], ["after"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, []),
        ],
    )
    constants = (
        ("rounds", np.int64(2**62)), ("true", np.bool_(True)), ("one", np.float32(1)),
    )  # fmt: skip
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Loop", ["rounds", "true", "mean"], ["sum"], body=body),
    ]
    return graph(nodes, {"sum": TensorProto.FLOAT}, constants)


def hungry():
    """One value spread over 2^33 floats, 32 GiB."""
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=1),
        helper.make_node("Expand", ["mean", "size"], ["all"]),
    ]
    constants = (("size", np.int64([1, 8, 2**15, 2**15])),)
    return graph(nodes, {"all": TensorProto.FLOAT}, constants)


def test_a_good_graph_gives_what_it_gives(graphs):
    data = graphs.echo([1, 3, 4, 4])
    with TrialSession(data, "echo") as session:
        assert [(p.name, p.type, p.shape) for p in session.get_inputs()] == [
            ("images", "tensor(float)", [1, 3, 4, 4])
        ]
        for _ in range(2):
            (seen,) = session.run(None, IMAGES)
            np.testing.assert_array_equal(seen, IMAGES["images"])
        with pytest.raises(ModelError, match=r"echo: the graph failed \(.*images"):
            session.run(None, {"images": np.zeros((1, 3, 5, 5), np.float32)})


def test_a_graph_that_never_ends_is_stopped():
    start = time.monotonic()
    with (
        TrialSession(endless().SerializeToString(), "endless", seconds=8) as session,
        pytest.raises(ModelError, match="endless: the graph did not end within 8 s"),
    ):
        session.run(None, IMAGES)
    assert time.monotonic() - start < 60


def test_a_graph_that_wants_too_much_memory_is_refused():
    with (
        TrialSession(hungry().SerializeToString(), "hungry") as session,
        pytest.raises(ModelError, match=r"hungry: the graph (failed|crashed)"),
    ):
        session.run(None, IMAGES)


def test_no_graph():
    with pytest.raises(ModelError, match="x: ONNX Runtime cannot load the graph"):
        TrialSession(b"\x08\x08", "x")


@pytest.fixture
def external(tmp_path):
    """A model whose weights lie in ``weights.bin`` beside it."""
    nodes = [helper.make_node("Add", ["images", "weights"], ["sum"])]
    weights = np.arange(48, dtype=np.float32).reshape(1, 3, 4, 4)
    model = graph(nodes, {"sum": TensorProto.FLOAT}, (("weights", weights),))
    onnx.save(
        model, tmp_path / "given.onnx", save_as_external_data=True, location="weights.bin",
        size_threshold=0,
    )  # fmt: skip
    return tmp_path / "given.onnx"


def test_weights_in_another_file_are_refused(external, graphs, store, monkeypatch):
    data = external.read_bytes()
    monkeypatch.chdir(external.parent)  # where the runtime would find them
    values = {"name": "x", "decoder": "embedding", "input_size": [32, 32]}
    paths = graphs.write(external.parent, data, **values)
    with pytest.raises(ModelError, match=r"given\.onnx: refused: x: keeps its weights in another"):
        user_models.install(*paths)
    assert not store.exists()
    embedded = onnx.load(external)  # what the error advises
    onnx.save(embedded, external.parent / "whole.onnx")
    check_self_contained((external.parent / "whole.onnx").read_bytes(), "x")


def test_weights_of_an_inner_graph_are_found_too():
    inner = helper.make_tensor("inside", TensorProto.FLOAT, [1], [1.0])
    inner.ClearField("float_data")
    inner.data_location = TensorProto.EXTERNAL
    entry = inner.external_data.add()
    entry.key, entry.value = "location", "elsewhere.bin"
    model = endless()
    model.graph.node[1].attribute[0].g.initializer.append(inner)
    with pytest.raises(ModelError, match="keeps its weights in another file"):
        check_self_contained(model.SerializeToString(), "x")
    constant = graph([helper.make_node("Constant", [], ["c"], value=inner)], {})
    with pytest.raises(ModelError, match="keeps its weights in another file"):
        check_self_contained(constant.SerializeToString(), "x")


@pytest.mark.parametrize("data", [b"\x3a\xff", b"\xff" * 20, b"\x3a\x05ab", b"\x0b"])
def test_bytes_that_are_no_graph(data):
    with pytest.raises(ModelError, match="x: not an ONNX graph"):
        check_self_contained(data, "x")
