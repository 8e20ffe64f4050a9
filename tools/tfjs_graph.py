"""Run a TensorFlow.js graph model with TensorFlow itself: the reference of the parity tests.

Needs tensorflow or tensorflow-cpu, on which the project does not depend: use a scratch environment.
"""

import json
from pathlib import Path
from typing import Any

import tensorflow as tf
from build_weights import read_arrays
from google.protobuf import json_format

_PLAIN = {"_FusedConv2D": "Conv2D", "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative"}


def _split_fused(node: tf.compat.v1.NodeDef, graph: tf.compat.v1.GraphDef) -> None:
    """Add ``node``, a fused convolution, as the two or three plain operations it stands for."""
    fused = [op.decode() for op in node.attr["fused_ops"].list.s]
    names = [f"{node.name}/{op}" for op in ["conv", *fused]]
    names[-1] = node.name
    conv = graph.node.add(op=_PLAIN[node.op], name=names[0], input=list(node.input[:2]))
    for key in ("T", "strides", "padding", "data_format", "dilations"):
        conv.attr[key].CopyFrom(node.attr[key])
    for index, op in enumerate(fused, start=1):
        inputs = [names[index - 1]] + (list(node.input[2:3]) if op == "BiasAdd" else [])
        step = graph.node.add(op=op, name=names[index], input=inputs)
        step.attr["T"].CopyFrom(node.attr["T"])


def load(path: Path, outputs: list[str]) -> Any:
    """``function(image) -> [arrays]``: the named nodes of the graph at ``path``."""
    model = json.loads(path.read_text())
    arrays = read_arrays(model["weightsManifest"], path.with_suffix(".bin").read_bytes())
    types = {e["name"]: e["dtype"] for group in model["weightsManifest"] for e in group["weights"]}
    graph = tf.compat.v1.GraphDef()
    input_name = ""
    for item in model["modelTopology"]["node"]:
        node = json_format.ParseDict(item, tf.compat.v1.NodeDef())
        if node.name in arrays:
            value = arrays[node.name].astype(types.get(node.name, arrays[node.name].dtype))
            constant = graph.node.add(op="Const", name=node.name)
            constant.attr["dtype"].CopyFrom(node.attr["dtype"])
            wanted = tf.dtypes.as_dtype(node.attr["dtype"].type)
            constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, dtype=wanted))
        elif node.op in _PLAIN:
            _split_fused(node, graph)
        else:
            if node.op == "Placeholder":
                input_name = node.name
            graph.node.add().CopyFrom(node)
    wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph, name=""), [])
    function = wrapped.prune(f"{input_name}:0", [f"{name}:0" for name in outputs])
    dtype = function.inputs[0].dtype
    return lambda image: [t.numpy() for t in function(tf.constant(image, dtype))]
