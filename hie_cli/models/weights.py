"""Weights files: found, checked against their sha256, loaded strictly."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hie_cli.core.endless import is_endless
from hie_cli.core.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

PACKAGED = Path(__file__).resolve().parent.parent / "weights"
LARGEST = 2 << 30  # bytes; protobuf, and so ONNX, takes no more
State = Mapping[str, np.ndarray[Any, Any]]


def file_bytes(path: Path) -> bytes:
    """A file's content.

    Raises ModelError for a device, a pipe or more than any model has, OSError if it cannot be read.
    """
    if is_endless(path):
        raise ModelError(f"{path}: not a regular file; give a file of weights or an ONNX graph")
    if path.stat().st_size > LARGEST:
        raise ModelError(f"{path}: larger than 2 GiB, which no ONNX file is")
    return path.read_bytes()


def checked_bytes(path: Path, sha256: str, fix: str) -> bytes:
    """The file's content; ModelError, ending in ``fix``, where it is missing or another file."""
    try:
        data = file_bytes(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {fix}") from None
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{path}: sha256 is {found[:12]}..., expected {sha256[:12]}...: "
            f"damaged or replaced; {fix}"
        )
    return data


def read_state(data: bytes, origin: str) -> State:
    """The arrays of a safetensors file's bytes; ModelError if they are no such file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        state: State = load(data)
    except (SafetensorError, TypeError, KeyError) as error:
        raise ModelError(f"{origin}: not a safetensors file of plain floats ({error})") from None
    return state


def fill(module: "nn.Module", state: State, origin: str) -> None:
    """Load ``state`` into ``module``, strictly: every name and shape must agree.

    Stored float16 becomes the module's float32. ModelError names the first disagreement.
    """
    import torch

    wanted = module.state_dict()
    for name in sorted(wanted.keys() | state.keys()):
        if name not in state:
            raise ModelError(f"{origin}: layer {name} is missing: weights of another network")
        if name not in wanted:
            raise ModelError(f"{origin}: layer {name} is unknown: weights of another network")
        if wanted[name].shape != state[name].shape:
            raise ModelError(
                f"{origin}: layer {name} has shape {tuple(state[name].shape)}, "
                f"expected {tuple(wanted[name].shape)}: weights of another network"
            )
    module.load_state_dict(
        {name: torch.from_numpy(np.array(value, np.float32)) for name, value in state.items()}
    )
