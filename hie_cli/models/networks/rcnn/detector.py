"""Faster R-CNN and Keypoint R-CNN on ResNet-50 and a feature pyramid.

S. Ren et al., arXiv 1506.01497; K. He et al., arXiv 1703.06870. Parameter names, constants and
initial values are those of torchvision's ``fasterrcnn_resnet50_fpn`` and
``keypointrcnn_resnet50_fpn``, so that their published files load.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from hie_cli.models.networks.blocks import Pixels
from hie_cli.models.networks.mobilenet import MEAN, STD
from hie_cli.models.networks.rcnn.heads import RegionHeads, people, placed
from hie_cli.models.networks.rcnn.proposals import Objectness, ProposalNetwork
from hie_cli.models.networks.rcnn.pyramid import Backbone

PROPOSALS = 1000  # of a picture, at inference
MOST = 300  # people of a picture; published: 100 things of 90 classes
COCO_CLASSES = 91


class RCNN(nn.Module):
    """(N, H, W, 3) uint8 BGR, H and W multiples of 32 -> people of each picture.

    Boxes (N, 300, 4) xyxy in pixels, scores (N, 300), 0 where nobody is, and with ``joints`` (N,
    300, 17, 3): x, y in pixels, logit.
    """

    def __init__(self, classes: int = COCO_CLASSES, joints: bool = False) -> None:
        super().__init__()
        self.with_joints = joints
        self.pixels = Pixels(MEAN, STD, rgb=True)
        self.backbone = Backbone()
        self.rpn = ProposalNetwork()
        self.roi_heads = RegionHeads(classes, joints)

    @property
    def OUTPUTS(self) -> tuple[str, ...]:  # noqa: N802 # what every network calls it
        """Names of what ``forward`` gives."""
        return ("boxes", "scores", "joints") if self.with_joints else ("boxes", "scores")

    def first_stage(self, images: Tensor) -> tuple[list[Tensor], Objectness]:
        """The five levels, and what the first stage finds on them."""
        levels = self.backbone(self.pixels(images))
        return levels, self.rpn(levels, images.shape[1], images.shape[2])

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """See the class."""
        levels, objectness = self.first_stage(images)
        return self.second_stage(levels, objectness.proposals(PROPOSALS), objectness)

    def second_stage(
        self, levels: Sequence[Tensor], regions: Sequence[Tensor], picture: Objectness
    ) -> tuple[Tensor, ...]:
        """People of each picture's regions, filled up to the same number; see ``forward``."""
        logits, by = self.roi_heads.boxes(levels, regions)
        counts = [len(own) for own in regions]
        found = [
            people(of, offsets, own, picture.height, picture.width, MOST)
            for of, offsets, own in zip(
                torch.split(logits, counts), torch.split(by, counts), regions, strict=True
            )
        ]
        boxes = torch.stack([_filled(own) for own, _ in found])
        scores = torch.stack([_filled(own) for _, own in found])
        if not self.with_joints:
            return boxes, scores
        each = [own for own, _ in found]
        every = self.roi_heads.joints(levels, each)
        maps = torch.split(every, [len(own) for own in each])
        joints = [placed(own, of) for own, of in zip(maps, each, strict=True)]
        return boxes, scores, torch.stack([_filled(own) for own in joints])


def _filled(values: Tensor) -> Tensor:
    """Rows of 0 up to ``MOST``."""
    return pad(values, (*[0] * (2 * (values.dim() - 1)), 0, MOST - len(values)))
