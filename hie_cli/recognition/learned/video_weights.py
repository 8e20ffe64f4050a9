"""SlowFast weights of others: public layouts by name, and their heads.

The layouts are those of the SlowFast authors' program (``s1.pathway0_stem.conv.weight``) and of
pytorchvideo (``blocks.0.multipathway_blocks.0.conv.weight``), for Kinetics and for AVA. Their
classifiers tell other classes than the 14 actions and are left out, unless they have 14 classes.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from hie_cli.core import torch_files
from hie_cli.core.errors import ModelError
from hie_cli.recognition.learned.slowfast import SlowFast

_PATHS = {"0": "slow", "1": "fast"}


def _authors(name: str) -> str | None:
    """Our name of a layer of the authors' layout; None for what is no layer of the network."""
    if match := re.fullmatch(r"head\.projection\.(\w+)", name):
        return f"classify.{match[1]}"
    if match := re.fullmatch(r"s(\d)_fuse\.(conv_f2s|bn)\.(\w+)", name):
        part = "conv" if match[2] == "conv_f2s" else "norm"
        return f"stages.{int(match[1]) - 1}.lateral.{part}.{match[3]}"
    if match := re.fullmatch(r"s1\.pathway([01])_stem\.(conv|bn)\.(\w+)", name):
        part = "conv" if match[2] == "conv" else "norm"
        return f"stages.0.{_PATHS[match[1]]}.0.{part}.{match[3]}"
    match = re.fullmatch(
        r"s(\d)\.pathway([01])_res(\d+)\.(branch1|branch2\.[abc])(_bn)?\.(\w+)", name
    )
    if match is None:
        return None
    block = f"stages.{int(match[1]) - 1}.{_PATHS[match[2]]}.{match[3]}"
    inner = "skip" if match[4] == "branch1" else f"body.{match[4][-1]}"
    return f"{block}.{inner}.{'norm' if match[5] else 'conv'}.{match[6]}"


def _pytorchvideo(name: str) -> str | None:
    """Our name of a layer of pytorchvideo's layout."""
    name = name.removeprefix("model.")
    if match := re.fullmatch(r"(?:blocks\.\d|detection_head)\.proj\.(\w+)", name):
        return f"classify.{match[1]}"
    match = re.fullmatch(
        r"blocks\.(\d)\.multipathway_fusion\.(conv_fast_to_slow|norm)\.(\w+)", name
    )
    if match:
        part = "conv" if match[2] == "conv_fast_to_slow" else "norm"
        return f"stages.{match[1]}.lateral.{part}.{match[3]}"
    if match := re.fullmatch(r"blocks\.0\.multipathway_blocks\.([01])\.(conv|norm)\.(\w+)", name):
        return f"stages.0.{_PATHS[match[1]]}.0.{match[2]}.{match[3]}"
    match = re.fullmatch(
        r"blocks\.(\d)\.multipathway_blocks\.([01])\.res_blocks\.(\d+)\."
        r"(?:branch1_(conv|norm)|branch2\.(conv|norm)_([abc]))\.(\w+)",
        name,
    )
    if match is None:
        return None
    block = f"stages.{match[1]}.{_PATHS[match[2]]}.{match[3]}"
    inner = f"skip.{match[4]}" if match[4] else f"body.{match[6]}.{match[5]}"
    return f"{block}.{inner}.{match[7]}"


def our_name(name: str) -> str | None:
    """Our name of a layer in either public layout or our own; None if it is in none."""
    if re.match(r"(stages\.\d\.(slow|fast|lateral)|classify)\.", name):
        return name
    return _authors(name) or _pytorchvideo(name)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a ``.safetensors`` file, or of a checkpoint of torch under ``model_state`` or
    at the top. Nothing but tensors and plain values is unpickled. Raises ModelError.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such file; check the path")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        state = torch_files.plain(path)
    except Exception:  # whatever the two libraries make of a damaged file
        raise ModelError(
            f"{path}: cannot be read as tensors; give a checkpoint of SlowFast or pytorchvideo"
        ) from None
    for key in ("model_state", "state_dict"):
        if isinstance(state, dict) and isinstance(state.get(key), Mapping):
            state = state[key]
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise ModelError(f"{path}: no state dict; give a checkpoint of SlowFast or pytorchvideo")
    return {str(name): value for name, value in state.items()}


def renamed(state: Mapping[str, Tensor], origin: str) -> dict[str, Tensor]:
    """The state by our names. Raises ModelError for a layer that no layout has."""
    out: dict[str, Tensor] = {}
    for name, value in state.items():
        ours = our_name(name)
        if ours is None or ours in out:
            raise ModelError(
                f"{origin}: layer {name} belongs to no SlowFast layout known here; "
                "give a checkpoint of SlowFast or pytorchvideo"
            )
        out[ours] = value
    return out


def adopt(network: SlowFast, state: Mapping[str, Tensor], origin: str) -> bool:
    """Fill ``network`` from a state of any layout; whether its classifier was among them.

    Every layer but the classifier must be there with its shape; a classifier of another number of
    classes, or none, leaves the network's as it is. Raises ModelError naming the first difference.
    """
    found = renamed(state, origin)
    wanted = network.state_dict()
    heads = ("classify.weight", "classify.bias")
    headed = all(name in found and found[name].shape == wanted[name].shape for name in heads)
    if not headed:
        found = {name: value for name, value in found.items() if name not in heads}
        wanted = {name: value for name, value in wanted.items() if name not in heads}
    counters = [name for name in wanted if name.endswith("num_batches_tracked")]
    for name in counters:  # older checkpoints lack them; they do not enter the result
        found.setdefault(name, wanted[name])
    for name in sorted(wanted.keys() | found.keys()):
        have = tuple(found[name].shape) if name in found else "nothing"
        want = tuple(wanted[name].shape) if name in wanted else "nothing"
        if have != want:
            raise ModelError(f"{origin}: layer {name}: found {have}, expected {want}")
    network.load_state_dict(found, strict=headed)
    return headed


def parameters(network: nn.Module) -> int:
    """How many trainable numbers a network has."""
    return sum(p.numel() for p in network.parameters())
