"""The detectors that can be trained: how each begins, what it loses, what of it can be frozen."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

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
from hie_cli.training.engine.start import Trainable, going_on, random_weights


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


def _rcnn(name: str) -> Trainable[PictureTask]:
    return Trainable(partial(random_weights, name), RCNNTask, _of_rcnn, 0.0003)


TRAINABLE: dict[str, Trainable[PictureTask]] = {
    "nanodet": Trainable(nanodet.NETWORK.trained, DetectTask, _of_nanodet, 0.0003),
    "nanodet-half": Trainable(_half, DetectTask, _of_nanodet, 0.0003),
    # Its folded layers have weights of .0005 to 37: a step of 4e-6 already does harm.
    "movenet-multipose": Trainable(
        movenet.MULTIPOSE_NETWORK.trained, MultiPoseTask, _of_multipose, 0.000001
    ),
    **{name: _rcnn(name) for name in ("fasterrcnn-r50", "keypointrcnn-r50")},
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
