"""The detectors that can be trained: how each begins, what it loses, what of it can be frozen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from torch import nn

from hie_cli.models.networks.movenet import MultiPose
from hie_cli.models.networks.nanodet import NanoDet
from hie_cli.models.networks.rcnn.detector import RCNN
from hie_cli.models.packaged import movenet, nanodet
from hie_cli.training.detect.multipose import MultiPoseTask
from hie_cli.training.detect.pictures import PictureTask
from hie_cli.training.detect.rcnn import RCNNTask
from hie_cli.training.detect.slices import half_of
from hie_cli.training.detect.task import DetectTask
from hie_cli.training.engine.start import going_on, random_weights


@dataclass(frozen=True)
class Trainable:
    """begin: the network as a training without ``--start`` begins · task: its losses · stages: of a
    network, the parts from its input on that can be frozen · learning_rate: the highest, where the
    settings state none.
    """

    begin: Callable[[], nn.Module]
    task: type[PictureTask]
    stages: Callable[[Any], Sequence[nn.Module]]
    learning_rate: float = 0.0003


def _half() -> nn.Module:
    whole = nanodet.NETWORK.trained()
    assert isinstance(whole, NanoDet)
    return half_of(whole)


def _of_nanodet(network: NanoDet) -> Sequence[nn.Module]:
    return [network.stem, network.stage1, network.stage2, network.stage3, network.stage4]


def _of_multipose(network: MultiPose) -> Sequence[nn.Module]:
    blocks = network.trunk.blocks
    ends = (0, 3, 6, 10, 17)  # strides 2, 4, 8, 16, 32
    parts = [nn.ModuleList(list(blocks)[a:b]) for a, b in pairwise(ends)]
    return [network.trunk.stem, *parts]


def _of_rcnn(network: RCNN) -> Sequence[nn.Module]:
    body = network.backbone.body
    return [body.conv1, body.layer1, body.layer2, body.layer3, body.layer4]


TRAINABLE: dict[str, Trainable] = {
    "nanodet": Trainable(nanodet.NETWORK.trained, DetectTask, _of_nanodet),
    "nanodet-half": Trainable(_half, DetectTask, _of_nanodet),
    # Its folded layers have weights of .0005 to 37: a step of 4e-6 already does harm.
    "movenet-multipose": Trainable(
        movenet.MULTIPOSE_NETWORK.trained, MultiPoseTask, _of_multipose, 0.000001
    ),
    "fasterrcnn-r50": Trainable(partial(random_weights, "fasterrcnn-r50"), RCNNTask, _of_rcnn),
    "keypointrcnn-r50": Trainable(partial(random_weights, "keypointrcnn-r50"), RCNNTask, _of_rcnn),
}


def beginning(network: str, start: str | None) -> nn.Module:
    """The network to begin with: its usual beginning, or the model ``start`` of its kind."""
    if start is None:
        return TRAINABLE[network].begin()
    return going_on(start, network, "detect")


def freeze(network: nn.Module, name: str, stages: int) -> None:
    """Keep the stem and the first ``stages`` stages as they are."""
    parts = TRAINABLE[name].stages(network)
    for part in parts[: stages + 1] if stages else ():
        part.requires_grad_(False)
