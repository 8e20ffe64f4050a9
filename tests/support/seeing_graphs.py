"""ONNX graphs that see the people of the test pictures, in whatever layout a test encodes them.

Such a graph knows a few pictures by the mean of their blue channel, after the preparation it
expects; it answers with what was planted for the picture nearest to the one given. Prepared in
another way, all pictures look alike to it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from hie_cli.models.images import cropped, cut, windows
from hie_cli.models.importing import picture
from hie_cli.models.spec import InputSpec

# Boxes (N, 4) in input pixels and (height, width) of the input -> output name -> array, no batch.
Encode = Callable[[Any, tuple[int, int]], dict[str, Any]]


def prepared(spec: InputSpec, image: Any) -> Any:
    """(3, h, w) of an image (h, w, 3) uint8 BGR, as ``spec`` wants it."""
    ordered = image[..., ::-1] if spec.colour == "rgb" else image
    return ((ordered - np.float32(spec.mean)) / np.float32(spec.std)).transpose(2, 0, 1)


def detector(spec: InputSpec, encode: Encode, **build: Any) -> bytes:
    """A detector that answers ``encode`` of the boxes it sees."""
    known = []
    for image, boxes in ((v.image, v.boxes) for v in (*picture.squares(), *picture.both())):
        box = spec.letterbox(image.shape[:2], None)
        inside = boxes / box.per_pixel[[0, 1, 0, 1]]
        given = prepared(spec, box.batch([image])[0])
        known.append((given, encode(inside, (box.padded_height, box.padded_width))))
    return graph(known, **build)


def crops(spec: InputSpec, encode: Callable[[int], dict[str, Any]], **build: Any) -> bytes:
    """A pose network that answers ``encode`` of the number of the person in the crop."""
    width, height = spec.size_wh
    window = windows(picture.BOXES, spec.context, width / height)
    known = [
        (prepared(spec, cut(picture.read(), window[person], spec.size_wh)), encode(person))
        for person in picture.JOINTS
    ]
    return graph(known, **build)


def joints_in_crop(spec: InputSpec, person: int) -> Any:
    """Where the 14 joints of a person lie in their crop."""
    width, height = spec.size_wh
    window = windows(picture.BOXES, spec.context, width / height)[person]
    return (picture.JOINTS[person] - window[:2]) * spec.size_wh / window[2:]


def stretched(spec: InputSpec, boxes: Any, name: str = "people") -> list[Any]:
    """The crops of an appearance network, prepared."""
    return [prepared(spec, cropped(picture.read(name), box, spec.size_wh)) for box in boxes]


def graph(
    known: list[tuple[Any, dict[str, Any]]],
    *,
    batched: bool = True,
    free_batch: bool = False,
    blue: int = 0,
    sizes: tuple[str, ...] = (),
    kind: int = TensorProto.FLOAT,
    image_rank: int = 4,
    quantised: bool = False,
    fixed_inside: bool = False,
) -> bytes:
    """The graph of pairs (prepared image (3, h, w), outputs). ``blue``: the channel looked at.

    Not ``batched``: outputs lack the batch dimension. ``free_batch``: any number of images;
    ``fixed_inside``: yet it is reshaped to one. ``sizes``: names of further inputs (1, 2), which
    are not used. ``quantised``: images (uint8) go through DequantizeLinear.
    """
    marks = np.float32([given[blue].mean() for given, _ in known])
    assert len(set(np.round(marks, 3))) == len(marks), marks
    _, height, width = known[0][0].shape
    shape = ["n" if free_batch else 1, 3, height, width][4 - image_rank :]
    given = "whole" if fixed_inside else "images"
    nodes = [helper.make_node("Reshape", ["images", "one_image"], ["whole"])] * fixed_inside
    if quantised:
        nodes.append(helper.make_node("DequantizeLinear", [given, "step"], ["floats"]))
    else:
        nodes.append(helper.make_node("Cast", [given], ["floats"], to=TensorProto.FLOAT))
    if image_rank == 3:
        nodes.append(helper.make_node("Unsqueeze", ["floats", "zero"], ["stacked"]))
    source = "stacked" if image_rank == 3 else "floats"
    nodes += [
        helper.make_node("Gather", [source, "blue"], ["channel"], axis=1),
        helper.make_node("ReduceMean", ["channel"], ["mark"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["mark", "one"], ["marks"]),
        helper.make_node("Sub", ["marks", "known"], ["difference"]),
        helper.make_node("Abs", ["difference"], ["distance"]),
        helper.make_node("ArgMin", ["distance"], ["nearest"], axis=1, keepdims=0),
    ]
    constants = {
        "known": marks[None], "blue": np.int64([blue]), "one": np.int64([1]), "zero": np.int64([0]),
        "one_image": np.int64([1, 3, height, width]), "step": np.float32(1),
    }  # fmt: skip
    results = []
    for name in known[0][1]:
        values = [np.asarray(outputs[name], np.float32) for _, outputs in known]
        longest = max(len(value) for value in values)
        padded = [np.pad(v, [(0, longest - len(v))] + [(0, 0)] * (v.ndim - 1)) for v in values]
        constants[f"{name}_all"] = np.stack(padded)
        last = name if batched else f"{name}_first"
        nodes.append(helper.make_node("Gather", [f"{name}_all", "nearest"], [last], axis=0))
        if not batched:
            nodes.append(helper.make_node("Squeeze", [last, "zero"], [name]))
        results.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    inputs = [helper.make_tensor_value_info("images", kind, shape)]
    inputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in sizes]
    made = helper.make_graph(
        nodes, "seeing", inputs, results,
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )  # fmt: skip
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    data: bytes = model.SerializeToString()
    return data
