"""The pose networks that can be trained: how each begins, what it loses, what can be frozen."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torch import nn

from hie_cli.models.networks.movenet import SinglePose
from hie_cli.models.networks.simcc import from_maps
from hie_cli.models.packaged import movenet
from hie_cli.training.engine.start import Trainable, going_on, random_weights
from hie_cli.training.pose.heatmaps import HeatmapTask, backbone_of
from hie_cli.training.pose.simcc import SimCCTask
from hie_cli.training.pose.task import PoseTask


def _bins() -> nn.Module:
    lightning = movenet.LIGHTNING_NETWORK.trained()
    assert isinstance(lightning, SinglePose)
    return from_maps(lightning)


def _trunk(network: Any) -> Sequence[nn.Module]:
    return [network.trunk]


def _movenet(begin: Callable[[], nn.Module], task: type[PoseTask]) -> Trainable[PoseTask]:
    # Their folded layers bear no higher rate.
    return Trainable(begin, task, _trunk, 0.00002)


def _published(name: str) -> Trainable[PoseTask]:
    return Trainable(partial(random_weights, name), HeatmapTask, backbone_of, 0.0002)


TRAINABLE: dict[str, Trainable[PoseTask]] = {
    "movenet-thunder": _movenet(movenet.THUNDER_NETWORK.trained, PoseTask),
    "movenet-lightning": _movenet(movenet.LIGHTNING_NETWORK.trained, PoseTask),
    "lightning-simcc": _movenet(_bins, SimCCTask),
    **{name: _published(name) for name in ("simplebaseline-r50", "hrnet-w32", "hrnet-w48")},
}


def beginning(network: str, start: str | None) -> nn.Module:
    """The network to begin with: its usual beginning, or the model ``start`` of its kind."""
    if start is None:
        return TRAINABLE[network].begin()
    return going_on(start, network, "pose")
