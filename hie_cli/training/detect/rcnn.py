"""Faster and Keypoint R-CNN as tasks: losses of both stages, as published.

S. Ren et al., arXiv 1506.01497, sections 3.1.2 and 3.3; K. He et al., arXiv 1703.06870, section 5.
Numbers are those of torchvision's trainings.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, smooth_l1_loss

from hie_cli.models.networks.boxes import offsets, pairwise_iou
from hie_cli.models.networks.rcnn import heads, proposals
from hie_cli.models.networks.rcnn.detector import RCNN
from hie_cli.models.networks.rcnn.heads import HEAT_SIDE, PERSON
from hie_cli.models.networks.rcnn.proposals import Objectness
from hie_cli.training.detect.joint_targets import coco_joints
from hie_cli.training.detect.pictures import Batch, PictureTask
from hie_cli.training.engine.distributed import shared_count

PROPOSALS = 2000  # of a picture, while training
BACKGROUND, BETWEEN = -1, -2  # instead of a person's number
_BETA = 1 / 9  # below which errors of boxes count squared


@dataclass(frozen=True)
class Sampling:
    """person: overlap from which a box is a person's · background: below which it is nobody's ·
    count: how many are taken · people: share of people's among them at most · least: whether each
    person gets the boxes that overlap them best, however little.
    """

    person: float
    background: float
    count: int
    people: float
    least: bool


ANCHORS = Sampling(0.7, 0.3, 256, 0.5, least=True)
REGIONS = Sampling(0.5, 0.5, 512, 0.25, least=False)


class RCNNTask(PictureTask):
    """``PictureTask`` with the losses of proposals, regions and, for Keypoint R-CNN, joints."""

    network: RCNN

    @property
    def sees_joints(self) -> bool:
        """See ``PictureTask``."""
        return self.network.with_joints

    def loss(self, batch: Batch) -> tuple[Tensor, int]:
        """See ``Task``."""
        levels, found = self.network.first_stage(batch.images)
        total = first_stage_loss(found, batch)
        regions, people = [], []
        for own, boxes, ignored in zip(
            found.proposals(PROPOSALS), batch.boxes, batch.ignored, strict=True
        ):
            every = torch.cat((own, boxes))  # people are proposed, too
            chosen, whose = taken(every, boxes, ignored, REGIONS)
            regions.append(every[chosen])
            people.append(whose)
        logits, by = self.network.roi_heads.boxes(levels, regions)
        total = total + second_stage_loss(logits, by, regions, people, batch.boxes)
        if self.network.with_joints:
            total = total + self._joints(levels, regions, people, batch)
        return total, len(batch.images)

    def _joints(
        self, levels: list[Tensor], regions: list[Tensor], people: list[Tensor], batch: Batch
    ) -> Tensor:
        good = [own[whose >= 0] for own, whose in zip(regions, people, strict=True)]
        maps = self.network.roi_heads.joints(levels, good)
        rows = zip(good, people, batch.joints, strict=True)
        wanted = [cells_of(own, joints[whose[whose >= 0]]) for own, whose, joints in rows]
        return joint_loss(maps, torch.cat(wanted))


def matched(boxes: Tensor, people: Tensor, how: Sampling) -> Tensor:
    """The person (N,) whom each box overlaps enough, ``BACKGROUND`` or ``BETWEEN``."""
    if not len(people):
        return torch.full((len(boxes),), BACKGROUND, device=boxes.device)
    overlap = pairwise_iou(boxes, people)
    best, whose = overlap.max(1)
    found = torch.where(best >= how.person, whose, BETWEEN)
    found = torch.where(best < how.background, BACKGROUND, found)
    if how.least:
        most = overlap.max(0).values
        found = torch.where(((overlap == most) & (most > 0)).any(1), whose, found)
    return found


def taken(boxes: Tensor, people: Tensor, ignored: Tensor, how: Sampling) -> tuple[Tensor, Tensor]:
    """Numbers of the boxes to learn from, drawn at random, and whose each is (or BACKGROUND).

    Background is not taken where nothing is known: ignored (H, W), by the box's middle.
    """
    whose = matched(boxes, people, how)
    middle = ((boxes[:, :2] + boxes[:, 2:]) / 2).long()
    height, width = ignored.shape
    x, y = middle[:, 0].clamp(0, width - 1), middle[:, 1].clamp(0, height - 1)
    right = (whose >= 0).nonzero()[:, 0]
    wrong = ((whose == BACKGROUND) & ~ignored[y, x]).nonzero()[:, 0]
    right = _drawn(right, round(how.count * how.people))
    wrong = _drawn(wrong, how.count - len(right))
    chosen = torch.cat((right, wrong))
    return chosen, whose[chosen]


def _drawn(rows: Tensor, most: int) -> Tensor:
    return rows[torch.randperm(len(rows))[:most].to(rows.device)]


def first_stage_loss(found: Objectness, batch: Batch) -> Tensor:
    """Cross-entropy of drawn anchors, and their boxes' errors over their number."""
    logits, targets, by, wanted = [], [], [], []
    for n, (boxes, ignored) in enumerate(zip(batch.boxes, batch.ignored, strict=True)):
        chosen, whose = taken(found.anchors, boxes, ignored, ANCHORS)
        right = whose >= 0
        logits.append(found.logits[n, chosen])
        targets.append(right.float())
        by.append(found.offsets[n, chosen[right]])
        wanted.append(offsets(boxes[whose[right]], found.anchors[chosen[right]], proposals.WEIGHTS))
    every = torch.cat(targets)
    error = smooth_l1_loss(torch.cat(by), torch.cat(wanted), reduction="sum", beta=_BETA)
    said = binary_cross_entropy_with_logits(torch.cat(logits), every, reduction="sum")
    return (said + error) / shared_count(said.new_tensor(len(every)))


def second_stage_loss(
    logits: Tensor, by: Tensor, regions: list[Tensor], people: list[Tensor],
    boxes: tuple[Tensor, ...],
) -> Tensor:  # fmt: skip
    """Cross-entropy of the regions' classes, and the people's boxes' errors over all regions."""
    whose = torch.cat(people)
    right = whose >= 0
    said = cross_entropy(logits, torch.where(right, PERSON, 0), reduction="sum")
    rows = zip(regions, people, boxes, strict=True)
    wanted = [
        offsets(true[own[own >= 0]], region[own >= 0], heads.WEIGHTS) for region, own, true in rows
    ]
    error = smooth_l1_loss(by[right, PERSON], torch.cat(wanted), reduction="sum", beta=_BETA)
    return (said + error) / shared_count(said.new_tensor(len(whose)))


def cells_of(regions: Tensor, joints: Tensor) -> Tensor:
    """The cell (M, 17) of each region's map that holds each joint; -1: not labelled, or outside.

    Cells are numbered row by row. joints (M, 14, 2): of the region's person.
    """
    points, labelled = coco_joints(joints)
    low, high = regions[:, None, :2], regions[:, None, 2:]
    at = ((points - low) * HEAT_SIDE / (high - low)).floor().long()
    at = torch.where(points == high, HEAT_SIDE - 1, at)
    inside = ((at >= 0) & (at < HEAT_SIDE)).all(-1) & labelled
    return torch.where(inside, at[..., 1] * HEAT_SIDE + at[..., 0], -1)


def joint_loss(maps: Tensor, cells: Tensor) -> Tensor:
    """Cross-entropy of maps (M, 17, 56, 56) over all their cells, the mean of those with one."""
    rows = (cells >= 0).flatten()
    said = cross_entropy(
        maps.flatten(0, 1).flatten(1)[rows], cells.flatten()[rows], reduction="sum"
    )
    return said / shared_count(rows.sum().float())
