"""The packaged networks as torch modules."""

from typing import TYPE_CHECKING

from hie_cli.models import weights
from hie_cli.models.packaged import NETWORKS

if TYPE_CHECKING:
    from torch import nn

REPAIR = "reinstall hie, or run `make weights` in a checkout"


def packaged_state(network: str) -> weights.State:
    """The packaged weights of a network (a key of ``NETWORKS``); ModelError unless intact."""
    path = weights.PACKAGED / f"{network}.safetensors"
    data = weights.checked_bytes(path, NETWORKS[network].weights, REPAIR)
    return weights.read_state(data, str(path))


def trained(network: str) -> "nn.Module":
    """The network (a key of ``NETWORKS``) with its packaged weights."""
    built = empty(network)
    weights.fill(built, packaged_state(network), network)
    return built


def empty(network: str) -> "nn.Module":
    """The network (a key of ``NETWORKS``) with random weights."""
    from hie_cli.models.movenet import MultiPose, SinglePose
    from hie_cli.models.nanodet import NanoDet

    if network == "nanodet":
        return NanoDet()
    if network == "movenet-multipose":
        return MultiPose()
    return SinglePose(width=1.75 if network == "movenet-thunder" else 1.0)
