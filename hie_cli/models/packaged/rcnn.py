"""Faster R-CNN and Keypoint R-CNN, whose weights users bring: torchvision's files, or their own."""

import re
from typing import TYPE_CHECKING

from hie_cli.models.decoders.people_rows import PeopleRows
from hie_cli.models.network_files import UntrainedNetwork
from hie_cli.models.spec import InputSpec, ModelSpec

if TYPE_CHECKING:
    from torch import nn

# torchvision's published files have the names of before version 0.13.
_OLD_NAMES = (
    (re.compile(r"^(backbone\.fpn\.(?:inner|layer)_blocks\.\d)\.(weight|bias)$"), r"\1.0.\2"),
    (re.compile(r"^(rpn\.head\.conv)\.(weight|bias)$"), r"\1.0.0.\2"),
)


def present_name(name: str) -> str:
    """A layer of either kind of file by the newer ones' name."""
    for old, new in _OLD_NAMES:
        name = old.sub(new, name)
    return name


def _faster() -> "nn.Module":
    from hie_cli.models.networks.rcnn.detector import RCNN

    return RCNN()


def _keypoint() -> "nn.Module":
    from hie_cli.models.networks.rcnn.detector import RCNN

    return RCNN(classes=2, joints=True)


FASTER_NETWORK = UntrainedNetwork("fasterrcnn-r50", "", _faster, present_name=present_name)
KEYPOINT_NETWORK = UntrainedNetwork("keypointrcnn-r50", "", _keypoint, present_name=present_name)
NETWORKS = (FASTER_NETWORK, KEYPOINT_NETWORK)
SPECS: tuple[ModelSpec, ...] = tuple(
    ModelSpec(
        name=network.name,
        task="detect",
        network=network,
        architecture=network.name,
        input=InputSpec((1333, 800), resize="fit", any_size=True, padding=114),
        decoder=PeopleRows(),
        licence="BSD-3-Clause",
        source=f"torchvision, {published}",
        summary=summary,
    )
    for network, published, summary in (
        (FASTER_NETWORK, "fasterrcnn_resnet50_fpn", "boxes in two stages, large and slow"),
        (KEYPOINT_NETWORK, "keypointrcnn_resnet50_fpn", "boxes and poses in two stages"),
    )
)
