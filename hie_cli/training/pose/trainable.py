"""The pose networks that can be trained: how each begins, what it loses, what can be frozen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn

from hie_cli.models.networks.movenet import SinglePose
from hie_cli.models.networks.simcc import from_maps
from hie_cli.models.packaged import movenet
from hie_cli.training.engine.start import going_on, random_weights
from hie_cli.training.pose.heatmaps import HeatmapTask, backbone_of
from hie_cli.training.pose.simcc import SimCCTask
from hie_cli.training.pose.task import PoseTask


@dataclass(frozen=True)
class Trainable:
    """begin: the network as a training without ``--start`` begins · task: its losses · backbone:
    the parts that ``frozen`` keeps as they are · learning_rate: the highest, where the settings
    state none; the packaged networks' folded layers bear no higher one.
    """

    begin: Callable[[], nn.Module]
    task: type[PoseTask]
    backbone: Callable[[Any], Sequence[nn.Module]]
    learning_rate: float = 0.00002


def _bins() -> nn.Module:
    lightning = movenet.LIGHTNING_NETWORK.trained()
    assert isinstance(lightning, SinglePose)
    return from_maps(lightning)


def _trunk(network: Any) -> Sequence[nn.Module]:
    return [network.trunk]


def _published(name: str) -> Trainable:
    return Trainable(partial(random_weights, name), HeatmapTask, backbone_of, 0.0002)


TRAINABLE: dict[str, Trainable] = {
    "movenet-thunder": Trainable(movenet.THUNDER_NETWORK.trained, PoseTask, _trunk),
    "movenet-lightning": Trainable(movenet.LIGHTNING_NETWORK.trained, PoseTask, _trunk),
    "lightning-simcc": Trainable(_bins, SimCCTask, _trunk),
    **{name: _published(name) for name in ("simplebaseline-r50", "hrnet-w32", "hrnet-w48")},
}


def beginning(network: str, start: str | None) -> nn.Module:
    """The network to begin with: its usual beginning, or the model ``start`` of its kind."""
    if start is None:
        return TRAINABLE[network].begin()
    return going_on(start, network, "pose")
