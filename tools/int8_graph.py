"""Lay an 8-bit graph out as ONNX Runtime's kernels run fastest; its outputs stay the same.

    python tools/int8_graph.py FILE...      (in place; `tools/quantise_weights.py` does it, too)

What zeros and weights of nobody's are added or left out follows from how its kernels for x86 work:
a first convolution of four channels instead of three, depthwise ones of a multiple of sixteen,
last convolutions of one pixel as products of matrices (without putting channels first before), and
none of NanoDet's classes but people.
"""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Array = NDArray[Any]
_BLOCK = 16  # channels that a kernel takes together
# NanoDet's person and its four sides' bins, of 80 classes and the bins.
_WANTED = (0, *range(80, 124))


@dataclass(frozen=True)
class Graph:
    """A graph in the form of QuantizeLinear and DequantizeLinear pairs; ``model`` is changed."""

    model: Any

    @property
    def nodes(self) -> Any:
        """Its nodes, in order."""
        return self.model.graph.node

    def tensor(self, name: str) -> Any:
        """The weights called ``name``; None where it is no weights' name."""
        return next((each for each in self.model.graph.initializer if each.name == name), None)

    def read(self, name: str) -> Array:
        """Their values."""
        return np.asarray(numpy_helper.to_array(self.tensor(name)))

    def write(self, name: str, values: Array) -> None:
        """Other values, of whatever shape."""
        made = numpy_helper.from_array(np.ascontiguousarray(values), name)
        self.tensor(name).CopyFrom(made)

    def source(self, name: str) -> Any:
        """The node that makes the tensor ``name``."""
        return next(node for node in self.nodes if name in node.output)

    def readers(self, name: str) -> list[Any]:
        """The nodes that read the tensor ``name``."""
        return [node for node in self.nodes if name in node.input]

    def convolutions(self) -> list[Any]:
        """In order."""
        return [node for node in self.nodes if node.op_type == "Conv"]


def quick(model: Any) -> None:
    """Change ``model``, one of the packaged networks in 8 bits; see above."""
    graph = Graph(model)
    four_channels(graph)
    stem, depthwise, project = graph.convolutions()[:3]
    if _group(depthwise) > 1:  # MoveNet, and not NanoDet
        whole_blocks(graph, stem, depthwise, project)
    for node in graph.convolutions():
        if graph.tensor(node.input[1]) is not None and _is_last(graph, node):
            as_product(graph, node)
    if any(output.name == "bins" for output in model.graph.output):
        people_only(graph)
    drop_unused(model.graph)


def padded(values: Array, axis: int, size: int, fill: Any = 0) -> Array:
    """``values`` with ``fill`` up to ``size`` along ``axis``."""
    widths = [(0, 0)] * values.ndim
    widths[axis] = (0, size - values.shape[axis])
    return np.pad(values, widths, constant_values=fill)


def four_channels(graph: Graph) -> None:
    """The image has a fourth channel, which nothing depends on."""
    graph.model.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 4
    weight = graph.source(graph.convolutions()[0].input[1]).input[0]
    graph.write(weight, padded(graph.read(weight), 1, 4))


def whole_blocks(graph: Graph, stem: Any, depthwise: Any, project: Any) -> None:
    """Channels of 0 between the first convolution and the third, up to a multiple of the block."""
    size = -(-_group(depthwise) // _BLOCK) * _BLOCK
    for name in {i for node in (stem, depthwise) for i in node.input[1:3]}:
        values, scale, zero = graph.source(name).input
        graph.write(values, padded(graph.read(values), 0, size))
        graph.write(scale, padded(graph.read(scale), 0, size, graph.read(scale)[0]))
        graph.write(zero, padded(graph.read(zero), 0, size))
    for attribute in depthwise.attribute:
        if attribute.name == "group":
            attribute.i = size
    weight = graph.source(project.input[1]).input[0]
    graph.write(weight, padded(graph.read(weight), 1, size))


def as_product(graph: Graph, node: Any) -> None:
    """A convolution of one pixel in float32, of dequantised bytes: channels last, a product."""
    values, scale, zero = graph.source(node.input[0]).input
    name, weight, bias = node.name, node.input[1], node.input[2]
    graph.write(weight, graph.read(weight)[:, :, 0, 0].T)
    made = [
        helper.make_node("Transpose", [values], [f"{name}_last"], perm=[0, 2, 3, 1]),
        helper.make_node("DequantizeLinear", [f"{name}_last", scale, zero], [f"{name}_float"]),
        helper.make_node("MatMul", [f"{name}_float", weight], [f"{name}_product"]),
        helper.make_node("Add", [f"{name}_product", bias], [f"{name}_sum"]),
        helper.make_node("Transpose", [f"{name}_sum"], [node.output[0]], perm=[0, 3, 1, 2]),
    ]
    place = list(graph.nodes).index(node)
    graph.nodes.remove(node)
    for offset, each in enumerate(made):
        graph.nodes.insert(place + offset, each)


def people_only(graph: Graph) -> None:
    """NanoDet's last convolutions without the classes that nothing reads."""
    kept = [node for node in graph.convolutions() if graph.tensor(node.input[1]) is not None]
    for node in kept:  # those left in float32
        for name in node.input[1:3]:
            graph.write(name, graph.read(name)[list(_WANTED)])
    for node in graph.nodes:
        if node.op_type == "Slice" and graph.tensor(node.input[1]) is not None:
            start = graph.read(node.input[1])
            if start.tolist() == [80]:  # the first bin
                graph.write(node.input[1], np.array([1], start.dtype))


def drop_unused(graph: Any) -> None:
    """Remove nodes and weights that nobody reads."""
    while True:
        read = {name for node in graph.node for name in node.input}
        read |= {output.name for output in graph.output}
        dead = [node for node in graph.node if read.isdisjoint(node.output)]
        for node in dead:
            graph.node.remove(node)
        if not dead:
            break
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in read]:
        graph.initializer.remove(tensor)


def _group(node: Any) -> int:
    return next(a.i for a in node.attribute if a.name == "group")


def _is_last(graph: Graph, node: Any) -> bool:
    """Whether a MoveNet head ends with ``node``: an output, or what becomes one, follows."""
    outputs = {output.name for output in graph.model.graph.output}
    after = graph.readers(node.output[0])
    return node.output[0] in outputs or any(each.op_type == "Sigmoid" for each in after)


def main() -> None:
    """Change the files named on the command line; print their sha256."""
    for path in map(Path, sys.argv[1:]):
        model = onnx.load(path)
        if model.graph.input[0].type.tensor_type.shape.dim[3].dim_value == 4:
            raise SystemExit(f"{path}: is laid out already")
        quick(model)
        data = model.SerializeToString(deterministic=True)
        path.write_bytes(data)
        print(hashlib.sha256(data).hexdigest(), path.name)


if __name__ == "__main__":
    main()
