"""MoveNet MultiPose as a task: everybody's centre, box and joints.

X. Zhou et al., Objects as Points (arXiv 1904.07850), equations 1 to 4 and section 4.2: penalty-
reduced focal loss of the centres' and joints' maps, absolute errors of box sizes (weight .1), of
boxes' middles, of joints as seen from the centre, and of joints within their cells.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from hie_cli.core.skeletons import LEFT_HIP, LEFT_SHOULDER, RIGHT_HIP, RIGHT_SHOULDER
from hie_cli.models.decoders.centernet import NUM_KEYPOINTS, STRIDE
from hie_cli.models.networks.movenet import MultiPose
from hie_cli.training.detect.joint_targets import coco_joints
from hie_cli.training.detect.pictures import Batch, PictureTask
from hie_cli.training.pose.gaussians import gaussians
from hie_cli.training.pose.losses import absolute, heat_focal
from hie_cli.training.pose.targets import JOINT_SPREAD

SIZE_WEIGHT = 0.1
_NEAR = 0.5  # of a centre's Gaussian: cells that say where box and joints are
_OVERLAP = 0.7  # that a box moved by the Gaussian's radius keeps with the true one
_TORSO = [RIGHT_SHOULDER, LEFT_SHOULDER, RIGHT_HIP, LEFT_HIP]


@dataclass(frozen=True)
class Maps:
    """What the maps of one picture, h x w cells, should be.

    centre, centre_known (h, w) · heat, heat_known (17, h, w): Gaussians, and where they count ·
    people: of each of K cells near a centre, whose it is · rows, columns (K,): the cells.
    """

    centre: Tensor
    centre_known: Tensor
    heat: Tensor
    heat_known: Tensor
    people: Tensor
    rows: Tensor
    columns: Tensor


class MultiPoseTask(PictureTask):
    """``PictureTask`` with MultiPose's losses."""

    network: MultiPose

    @property
    def sees_joints(self) -> bool:
        """See ``PictureTask``."""
        return True

    def loss(self, batch: Batch) -> tuple[Tensor, int]:
        """See ``Task``."""
        found = [each.float() for each in self.network.maps(batch.images)]
        return multipose_loss(found, batch), len(batch.images)


def multipose_loss(found: list[Tensor], batch: Batch) -> Tensor:
    """The losses' weighted sum, of ``MultiPose.maps``."""
    size = found[0].shape[-2:]
    wanted = [
        maps_of(boxes / STRIDE, joints / STRIDE, _coarse(ignored, size))
        for boxes, joints, ignored in zip(batch.boxes, batch.joints, batch.ignored, strict=True)
    ]
    centre, scale, middle, heat, regress, within = found
    stacked = [torch.stack([getattr(w, name) for w in wanted]) for name in (
        "centre", "centre_known", "heat", "heat_known")]  # fmt: skip
    total = heat_focal(centre[:, 0], stacked[0], stacked[1])
    total = total + heat_focal(heat, stacked[2], stacked[3])
    parts: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {"size": [], "middle": [], "guess": []}
    places: list[tuple[Tensor, Tensor, Tensor]] = []
    for n, w in enumerate(wanted):
        boxes = batch.boxes[n] / STRIDE
        points, labelled = coco_joints(batch.joints[n] / STRIDE)
        own, low = boxes[w.people], torch.stack((w.rows, w.columns), 1).float()
        every = torch.ones_like(low)
        lengths = (own[:, 2:] - own[:, :2]).flip(1)
        parts["size"].append((scale[n, :, w.rows, w.columns].T, lengths, every))
        at = ((own[:, :2] + own[:, 2:]) / 2).flip(1) - low
        parts["middle"].append((middle[n, :, w.rows, w.columns].T, at, every))
        guess = regress[n, :, w.rows, w.columns].T.reshape(-1, NUM_KEYPOINTS, 2)
        seen = points[w.people].flip(2) - low[:, None]
        counts = labelled[w.people][..., None].expand_as(seen).float()
        parts["guess"].append((guess, seen, counts))
        places.append(_within(within[n], points, labelled))
    return (
        total + SIZE_WEIGHT * _all(parts["size"]) + _all(parts["middle"]) + _all(parts["guess"])
        + _all(places)
    )  # fmt: skip


def _all(rows: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    """The mean absolute error of all pictures' rows: found, wanted, which count."""
    found, wanted, counts = (torch.cat([row[k] for row in rows]) for k in range(3))
    return absolute(found, wanted, counts)


def _within(maps: Tensor, points: Tensor, labelled: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Places within their cells of the labelled joints, found (34, h, w) and true."""
    height, width = maps.shape[-2:]
    person, joint = labelled.nonzero(as_tuple=True)
    at = points[person, joint]
    x, y = at[:, 0].long().clamp(0, width - 1), at[:, 1].long().clamp(0, height - 1)
    found = maps.view(NUM_KEYPOINTS, 2, height, width)[joint, :, y, x]
    return found, (at - torch.stack((x, y), 1)).flip(1), torch.ones_like(found)


def _coarse(ignored: Tensor, size: torch.Size) -> Tensor:
    """Cells (h, w) of whose middle nothing is known."""
    half = STRIDE // 2
    return ignored[half::STRIDE, half::STRIDE][: size[0], : size[1]]


def maps_of(boxes: Tensor, joints: Tensor, ignored: Tensor) -> Maps:
    """Targets of people with boxes (M, 4) and joints (M, 14, 2), in cells; ignored (h, w).

    Where somebody's joint is not labelled, nothing is asked of its map inside their box.
    """
    height, width = ignored.shape
    points, labelled = coco_joints(joints)
    middle, spread = centres(boxes, joints), spreads(boxes)
    own = gaussians(middle, spread, height, width)  # (M, h, w)
    known = (~ignored).float()
    centre = own.amax(0) if len(own) else torch.zeros_like(known)
    peaks = gaussians(points.flatten(0, 1), points.new_tensor(JOINT_SPREAD), height, width)
    peaks = peaks.view(len(boxes), NUM_KEYPOINTS, height, width) * labelled[..., None, None]
    heat = peaks.amax(0) if len(own) else known.new_zeros((NUM_KEYPOINTS, height, width))
    heat_known = known.expand_as(heat).clone()
    y, x = (torch.arange(n, device=boxes.device) + 0.5 for n in (height, width))
    for box, there in zip(boxes, labelled, strict=True):
        inside = ((y >= box[1]) & (y < box[3]))[:, None] & ((x >= box[0]) & (x < box[2]))[None]
        unclear = inside[None] & ~there[:, None, None]
        heat_known = torch.where(unclear & (heat < _NEAR), 0.0, heat_known)
    near = own.amax(0) if len(own) else centre
    rows, columns = (near > _NEAR).nonzero(as_tuple=True)
    people = own[:, rows, columns].argmax(0) if len(own) else rows
    return Maps(centre, known, heat, heat_known, people, rows, columns)


def centres(boxes: Tensor, joints: Tensor) -> Tensor:
    """Where people's centres are (M, 2): between shoulders and hips where all four are labelled,
    else the box's middle.
    """
    torso = joints[:, _TORSO].mean(1)
    seen = torch.isfinite(torso).all(1, keepdim=True)
    return torch.where(seen, torso, (boxes[:, :2] + boxes[:, 2:]) / 2)


def spreads(boxes: Tensor) -> Tensor:
    """Deviations (M,) of the centres' Gaussians: a third of the radius by which a box may move.

    Moved so far to its side and down, it keeps an IoU of .7: with r / w = a, r / h = b, (1 - a)
    (1 - b) = 2 * .7 / 1.7 (H. Law, J. Deng, CornerNet, section 3.2, its first case).
    """
    width, height = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1e-3).unbind(1)
    total, kept = width + height, 2 * _OVERLAP / (1 + _OVERLAP)
    radius = (total - (total**2 - 4 * width * height * (1 - kept)).clamp(min=0).sqrt()) / 2
    return (radius / 3).clamp(min=0.5)
