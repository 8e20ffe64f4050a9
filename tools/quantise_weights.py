"""Make the 8-bit files of ``hie_cli/weights`` from the others.

    python tools/quantise_weights.py [VIDEO ...] [--only NAME ...] [--output DIR]

``NAME-int8.onnx`` holds the graph with its weights: signed bytes, a scale a channel; activations
are unsigned bytes, a scale a tensor. The last convolution of every head stays in float32, since
its outputs are pixels and scores, and so does MoveNet's feature pyramid (``_KEPT``). What
activations measure is learnt from examples: some frames of each VIDEO, of the sample clip and of
rendered crowds, whole or, for networks on crops, the people whom the detectors find in them. The
normalisation of pixels goes into the first convolution, which reads the image's bytes as they are.
Rounded weights shift a channel's mean; its bias takes that back (Nagel et al., Data-Free
Quantization, ICCV 2019, section 4.2). ``int8_graph`` lays the result out for speed.

Needs the dev dependencies. Prints one line of sha256 and name for each file; both depend on the
versions of onnx and ONNX Runtime.
"""

import argparse
import hashlib
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from int8_graph import drop_unused, quick  # noqa: E402

Array = NDArray[Any]
_BINS = 2048
_EXAMPLES = 24  # batches that activations are measured on
_WHOLE_SIDES = (384, 512, 640, 768)  # long sides of whole images, in turn
# The last convolution of every head, and MoveNet's pyramid: two percent of the time, and most of
# what 8 bits lose in joints within a fifth of a head and in the scores' mean.
_KEPT = re.compile(
    r"^/(center/center|heatmap/heatmap|regress/regress|offset/offset"
    r"|box_scale/box_scale|box_offset/box_offset)\.1/Conv$|^/heads\.\d/heads\.\d\.1/Conv$"
    r"|^/trunk/(lateral|smooth|Add|Resize|Relu)"
)
# Networks whose ranges are cut where that lessens the mean error; the others keep all they saw.
_FITTED = ("movenet-thunder", "movenet-lightning")
_ERROR_POWER = 2.4


@dataclass
class Measured:
    """What a tensor held: least and greatest value, a histogram, and the mean of each channel."""

    low: float
    high: float
    edges: tuple[float, float]
    counts: Array
    mean: Array


# --- examples ---------------------------------------------------------------------------------


def example_frames(videos: Sequence[Path]) -> list[Array]:
    """Five frames of each video, evenly, and two of each of three rendered crowds."""
    import cv2

    from hie_cli.simulation.crowd import CrowdConfig, simulate
    from hie_cli.simulation.render import render

    frames: list[Array] = []
    for path in videos:
        video = cv2.VideoCapture(str(path))
        images = []
        while (read := video.read())[0]:
            images.append(read[1])
        if not images:
            raise SystemExit(f"{path}: no frames")
        wanted = np.linspace(0.05, 0.95, 5) * len(images)
        frames += [images[int(t)] for t in wanted]
    for seed in (900, 901, 902):
        crowd = simulate(CrowdConfig(seed, 14, 30, 25, width=960, height=540))
        frames += [frame.image.copy() for frame in render(crowd) if frame.index in (2, 25)]
    return frames


def example_boxes(frames: Sequence[Array]) -> list[Array]:
    """Up to six people of each frame, as both detectors find them at 640 pixels."""
    from hie_cli.core.types import Frame
    from hie_cli.detection.stage import detect
    from hie_cli.models import registry
    from hie_cli.pipeline.settings import load_chain

    config = replace(load_chain("balanced").detect, long_sides=(640,))
    models = [registry.load_detector(name, "cpu", precision="fp32") for name in config.models]
    rng = np.random.default_rng(0)
    boxes = []
    for item in detect([Frame(i, image) for i, image in enumerate(frames)], config, models):
        found = item.people.boxes[item.people.scores > 0.2]
        boxes.append(found[rng.permutation(len(found))[:6]])
    return boxes


def batches(name: str, frames: Sequence[Array], boxes: Sequence[Array]) -> list[Array]:
    """Inputs of the network ``name``: (N, H, W, 3) uint8 BGR each."""
    from hie_cli.models.images import Letterbox, cut, windows

    side = {"movenet-thunder": 256, "movenet-lightning": 192}.get(name)
    if side is None:
        sides = [_WHOLE_SIDES[k % len(_WHOLE_SIDES)] for k in range(len(frames))]
        return [
            Letterbox.fit((image.shape[0], image.shape[1]), long).batch([image])
            for image, long in zip(frames, sides, strict=True)
        ]
    crops = [
        cut(image, window, (side, side))
        for image, found in zip(frames, boxes, strict=True)
        for window in windows(found, 1.25, 1.0)
    ]
    return [np.stack(crops[i : i + 2]) for i in range(0, len(crops), 2)]


# --- the graph in float32 -----------------------------------------------------------------------


def float_graph(network: Any) -> tuple[Any, int]:
    """The graph with its weights, reading the image less a whole grey level; and that level."""
    import onnx
    from onnx import helper, numpy_helper
    from onnxruntime.quantization.shape_inference import quant_pre_process

    from hie_cli.models import weights

    model = onnx.load(weights.PACKAGED / f"{network.name}.onnx", load_external_data=False)
    graph, state = model.graph, network.state()
    for tensor in graph.initializer:
        if tensor.name in state:
            value = np.ascontiguousarray(state[tensor.name], np.float32)
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
    pixels = next(m for n, m in network.build().named_modules() if n.split(".")[-1] == "pixels")
    scale = pixels.scale.double().numpy().ravel()
    shift = pixels.shift.double().numpy().ravel()
    level = int(np.mean(-shift / scale))  # (value - level) scale + rest is the normalised value
    rest = shift + level * scale
    held = {tensor.name: tensor for tensor in graph.initializer}
    stem = next(node for node in graph.node if node.op_type == "Conv")
    weight = numpy_helper.to_array(held[stem.input[1]]).astype(np.float64)
    bias = numpy_helper.to_array(held[stem.input[2]]).astype(np.float64)
    bias = bias + np.einsum("oihw,i->o", weight, rest)
    weight = weight * scale[:, None, None]
    if pixels.rgb:
        weight = weight[:, ::-1]
    for name, value in zip(stem.input[1:3], (weight, bias), strict=True):
        held[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
    planes = next(n for n in graph.node if n.op_type == "Transpose" and n.input[0] == "images")
    place = list(graph.node).index(stem)
    graph.node.insert(place, helper.make_node("Sub", ["bytes", "level"], ["pixels"], "subtract"))
    graph.node.insert(place, helper.make_node("Cast", [planes.output[0]], ["bytes"], "cast", to=1))
    graph.initializer.append(numpy_helper.from_array(np.array(level, np.float32), "level"))
    stem.input[0] = "pixels"
    drop_unused(graph)
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "a.onnx", Path(folder) / "b.onnx"
        onnx.save(model, before)
        quant_pre_process(before, after, skip_symbolic_shape=True)
        return onnx.load(after), level


# --- measuring ----------------------------------------------------------------------------------


def measure(model: Any, inputs: Iterable[Array]) -> dict[str, Measured]:
    """What every float tensor of the graph holds on ``inputs``."""
    import onnx
    import onnxruntime

    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    kinds = {v.name: v.type.tensor_type.elem_type for v in whole.graph.value_info}
    outputs = {output.name for output in whole.graph.output}
    names = [
        name
        for node in whole.graph.node
        for name in node.output
        if node.op_type != "Constant" and (name in outputs or kinds.get(name) == 1)
    ]
    for name in names:
        if name not in outputs:
            whole.graph.output.append(onnx.helper.make_tensor_value_info(name, 1, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = onnxruntime.InferenceSession(
        whole.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    held: dict[str, Measured] = {}
    every = list(inputs)
    for images in (*every[::3], *every):
        for name, value in zip(names, session.run(names, {"images": images}), strict=True):
            _add(held, name, np.asarray(value), first=len(held) < len(names))
    return held


def _add(held: dict[str, Measured], name: str, value: Array, first: bool) -> None:
    """Count a tensor's values; the bins are laid when it is seen for the first time."""
    axes = tuple(a for a in range(value.ndim) if a != 1)
    mean = value.mean(axes) if value.ndim == 4 else np.zeros(0)
    low, high = float(value.min()), float(value.max())
    if name not in held:
        room = max(high - low, 1e-6)
        edges = (low - room, high + 2 * room)
        held[name] = Measured(low, high, edges, np.zeros(_BINS), 0 * mean)
    each = held[name]
    each.low, each.high = min(each.low, low), max(each.high, high)
    if not first:
        a, b = each.edges
        place = ((value.ravel()[::3] - a) * ((_BINS - 1) / (b - a))).clip(0, _BINS - 1)
        each.counts += np.bincount(place.astype(np.int64), minlength=_BINS)
    each.mean = each.mean + mean


def fitted_range(each: Measured) -> tuple[float, float]:
    """The range whose 256 steps err least, by the mean of the error to a power."""
    values = np.linspace(*each.edges, _BINS)[each.counts > 0]
    counts = each.counts[each.counts > 0]
    low0, high0 = min(each.low, 0.0), max(each.high, 0.0)
    best = (np.inf, low0, high0)
    for low in np.linspace(0.3, 1, 15) * low0 if low0 else [0.0]:
        for high in np.linspace(0.3, 1, 29) * high0 if high0 else [0.0]:
            step = (high - low) / 255
            if step > 0:
                rounded = np.clip(np.round((values - low) / step), 0, 255) * step + low
                error = float((counts * np.abs(rounded - values) ** _ERROR_POWER).sum())
                best = min(best, (error, float(low), float(high)))
    return best[1], best[2]


# --- in 8 bits ----------------------------------------------------------------------------------


def correct_biases(model: Any, held: dict[str, Measured], count: int) -> None:
    """Take back what rounding the weights adds to each channel's mean, in the biases."""
    from onnx import numpy_helper

    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "Conv" or len(node.input) < 3 or _KEPT.match(node.name):
            continue
        weight = numpy_helper.to_array(tensors[node.input[1]]).astype(np.float64)
        step = np.abs(weight).max((1, 2, 3), keepdims=True) / 127
        error = (np.round(weight / np.maximum(step, 1e-12)) * step - weight).sum((2, 3))
        mean = held[node.input[0]].mean / count  # (C,) of the input
        groups = len(mean) // weight.shape[1]
        inputs = mean.reshape(groups, -1).repeat(len(weight) // groups, axis=0)
        bias = numpy_helper.to_array(tensors[node.input[2]]) - (error * inputs).sum(1)
        tensors[node.input[2]].CopyFrom(
            numpy_helper.from_array(bias.astype(np.float32), node.input[2])
        )


def quantised(model: Any, ranges: dict[str, tuple[float, float]], level: int) -> bytes:
    """The graph in 8 bits, but for the heads' last convolutions; it reads bytes."""
    from onnxruntime.quantization import QuantType
    from onnxruntime.quantization.calibrate import CalibrationMethod, TensorData, TensorsData
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

    data = {
        name: TensorData(lowest=np.array(low, np.float32), highest=np.array(high, np.float32))
        for name, (low, high) in ranges.items()
    }
    bytes_as_they_are = {"scale": np.array(1, np.float32), "zero_point": np.array(level, np.uint8)}
    kinds = {node.op_type for node in model.graph.node}
    wanted = ["Conv", "Add", "Clip", "Relu", "Resize", "MaxPool", "LeakyRelu", "AveragePool"]
    wanted += ["Concat"] if "LeakyRelu" in kinds else []
    quantizer = QDQQuantizer(
        model, True, False, QuantType.QInt8, QuantType.QUInt8,
        TensorsData(CalibrationMethod.MinMax, data), [],
        [node.name for node in model.graph.node if _KEPT.match(node.name)], wanted,
        {"ActivationSymmetric": False, "TensorQuantOverrides": {"pixels": [bytes_as_they_are]}},
    )  # fmt: skip
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    graph = quantizer.model.model.graph
    planes = next(n for n in graph.node if n.op_type == "Transpose" and n.input[0] == "images")
    rounded = next(n for n in graph.node if n.input[0] == "pixels")  # QuantizeLinear
    reader = next(n for n in graph.node if n.input[0] == rounded.output[0])
    reader.input[0] = planes.output[0]
    drop_unused(graph)
    quick(quantizer.model.model)
    whole: bytes = quantizer.model.model.SerializeToString(deterministic=True)
    return whole


def main() -> None:
    """Parse the command line and write the files."""
    from hie_cli.models.packaged import NETWORKS

    names = [network.name for network in NETWORKS]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("videos", type=Path, nargs="*", metavar="VIDEO")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--output", type=Path, default=ROOT / "hie_cli" / "weights")
    options = parser.parse_args()
    frames = example_frames([ROOT / "data" / "pets09-sample.mp4", *options.videos])
    boxes = example_boxes(frames)
    for network in NETWORKS:
        if network.name not in options.only:
            continue
        inputs = batches(network.name, frames, boxes)[:_EXAMPLES]
        model, level = float_graph(network)
        held = measure(model, inputs)
        correct_biases(model, held, len(inputs[::3]) + len(inputs))
        fitted = network.name in _FITTED
        ranges = {
            name: fitted_range(each) if fitted else (min(each.low, 0.0), max(each.high, 0.0))
            for name, each in held.items()
        }
        data = quantised(model, ranges, level)
        (options.output / f"{network.name}-int8.onnx").write_bytes(data)
        print(hashlib.sha256(data).hexdigest(), f"{network.name}-int8.onnx", flush=True)


if __name__ == "__main__":
    main()
