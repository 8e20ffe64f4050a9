"""Labelled joints as networks of COCO's seventeen learn them."""

import torch
from torch import Tensor

from hie_cli.core.skeletons import COCO17
from hie_cli.training.pose.targets import PAIRS


def coco_joints(joints: Tensor) -> tuple[Tensor, Tensor]:
    """x, y (M, 17, 2), 0 where not labelled, and which are labelled (M, 17), of HiEve's (M, 14, 2).

    Eyes and ears never are, nor the chest, which COCO lacks.
    """
    points = joints.new_full((len(joints), len(COCO17.joints), 2), float("nan"))
    ours, theirs = zip(*PAIRS, strict=True)
    points[:, list(ours)] = joints[:, list(theirs)]
    labelled = torch.isfinite(points).all(-1)
    return torch.where(labelled[..., None], points, 0.0), labelled
