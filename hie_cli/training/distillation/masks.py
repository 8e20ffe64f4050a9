"""Where a teacher's features are imitated.

T. Wang et al., Distilling Object Detectors with Fine-grained Feature Imitation (arXiv 1906.03609):
cells with an anchor whose overlap with a person exceeds ``psi`` times that person's best overlap.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from hie_cli.models.networks.boxes import pairwise_iou

VIRTUAL_ANCHOR = 8.0  # side of an anchor-free detector's only anchor, in strides


def anchors_at(
    height: int, width: int, stride: float, sizes: Sequence[tuple[float, float]],
    device: torch.device | None = None,
) -> Tensor:  # fmt: skip
    """Anchors (height * width, K, 4) xyxy of ``sizes`` (w, h) at the cells' centres, row by row.

    Those that leave the image are there, too.
    """
    y, x = torch.meshgrid(
        torch.arange(height, device=device), torch.arange(width, device=device), indexing="ij"
    )
    centre = (torch.stack((x.reshape(-1), y.reshape(-1)), 1).float() + 0.5) * stride
    half = torch.tensor(sizes, device=device, dtype=torch.float32) / 2
    low, high = centre[:, None] - half[None], centre[:, None] + half[None]
    return torch.cat((low, high), -1)


def imitation_mask(anchors: Tensor, boxes: Tensor, psi: float) -> Tensor:
    """Whether each cell (A,) is imitated: anchors (A, K, 4), people's boxes (M, 4).

    The maximum is each person's own, over all cells and levels given; else small people would
    vanish. The overlap has to be larger than ``psi`` times it, not equal.
    """
    if len(boxes) == 0:
        return torch.zeros(len(anchors), dtype=torch.bool, device=anchors.device)
    overlap = pairwise_iou(anchors.reshape(-1, 4), boxes).view(*anchors.shape[:2], -1)
    best = overlap.amax((0, 1))
    return (overlap > psi * best).any(1).any(1)


def virtual_anchors(
    sizes: Sequence[tuple[int, int]], strides: Sequence[int], device: torch.device
) -> Tensor:
    """Of an anchor-free detector: one square of 8 strides a cell, all levels in turn: (A, 1, 4)."""
    return torch.cat(
        [
            anchors_at(h, w, stride, [(VIRTUAL_ANCHOR * stride,) * 2], device)
            for (h, w), stride in zip(sizes, strides, strict=True)
        ]
    )


def box_mask(centres: Tensor, boxes: Tensor) -> Tensor:
    """Whether each cell's centre (A, 2) lies in a person's box (M, 4)."""
    if len(boxes) == 0:
        return torch.zeros(len(centres), dtype=torch.bool, device=centres.device)
    low = centres[:, None] >= boxes[None, :, :2]
    high = centres[:, None] <= boxes[None, :, 2:]
    return (low & high).all(-1).any(1)
