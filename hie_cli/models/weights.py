"""Weights files: found, checked against their sha256, loaded strictly."""

import hashlib
from pathlib import Path

from torch import nn

from hie_cli.errors import ModelError

PACKAGED = Path(__file__).resolve().parent.parent / "weights"


def checked_bytes(path: Path, sha256: str) -> bytes:
    """The file's content; ModelError where it is missing or its sha256 is another."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot read the weights ({error.strerror}); "
            "reinstall hie or run `make weights`"
        ) from None
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{path}: sha256 is {found[:12]}..., expected {sha256[:12]}...; the file is damaged or "
            "replaced, reinstall hie or run `make weights`"
        )
    return data


def fill(module: nn.Module, data: bytes, origin: str) -> None:
    """Load a safetensors file's bytes into ``module``, strictly: every name and shape must agree.

    Stored float16 becomes the module's float32. ModelError names the first disagreement.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        state = load(data)
    except SafetensorError as error:
        raise ModelError(f"{origin}: not a safetensors file ({error})") from None
    wanted = module.state_dict()
    for name in sorted(wanted.keys() | state.keys()):
        if name not in state:
            raise ModelError(f"{origin}: layer {name} is missing; the file is of another network")
        if name not in wanted:
            raise ModelError(f"{origin}: layer {name} is unknown; the file is of another network")
        if wanted[name].shape != state[name].shape:
            raise ModelError(
                f"{origin}: layer {name} has shape {tuple(state[name].shape)}, "
                f"expected {tuple(wanted[name].shape)}"
            )
    module.load_state_dict({name: value.to(torch.float32) for name, value in state.items()})
