"""Geometry of boxes as torch tensors: overlap, suppression, offsets from one box to another."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

_LARGEST = math.log(1000 / 16)  # of a logarithm of sizes, as published


def areas(boxes: Tensor) -> Tensor:
    """Areas (N,) of boxes (N, 4) xyxy."""
    return (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1)


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU (N, M) of boxes (N, 4) and (M, 4) xyxy."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    both = (high - low).clamp(min=0).prod(-1)
    return both / (areas(a)[:, None] + areas(b)[None] - both).clamp(min=1e-6)


def suppressed(boxes: Tensor, scores: Tensor, most: float) -> Tensor:
    """Indices (K,) of the boxes (N, 4) that stay, best first: none overlaps a better one by an IoU
    of more than ``most``.

    The greedy choice as the fixed point of "stays, unless one that stays suppresses it": after k
    rounds the k best are settled, and chains are short, so that no loop runs over the boxes.
    """
    order = scores.argsort(descending=True, stable=True)
    ranked = boxes[order]
    beats = torch.triu(pairwise_iou(ranked, ranked) > most, 1)
    stays = torch.ones(len(order), dtype=torch.bool, device=boxes.device)
    while True:
        now = ~(beats & stays[:, None]).any(0)
        if torch.equal(now, stays):
            return order[stays]
        stays = now


def clipped(boxes: Tensor, height: int, width: int) -> Tensor:
    """Boxes (..., 4) xyxy inside the picture."""
    x, y = boxes[..., 0::2].clamp(0, width), boxes[..., 1::2].clamp(0, height)
    return torch.stack((x, y), -1).flatten(-2)


def offsets(boxes: Tensor, anchors: Tensor, weights: Sequence[float]) -> Tensor:
    """From anchors (N, 4) to boxes (N, 4): x, y over the anchor's size, logarithms of the sizes.

    Each times its weight (S. Ren et al., Faster R-CNN, equation 2).
    """
    size, middle = _size_and_middle(anchors)
    wanted, at = _size_and_middle(boxes)
    both = torch.cat(((at - middle) / size, (wanted / size).log()), 1)
    return both * both.new_tensor(weights)


def moved(anchors: Tensor, by: Tensor, weights: Sequence[float]) -> Tensor:
    """The boxes (N, 4) that ``offsets`` (N, 4) lead to from ``anchors``."""
    size, middle = _size_and_middle(anchors)
    by = by / by.new_tensor(weights)
    at = middle + by[:, :2] * size
    half = by[:, 2:].clamp(max=_LARGEST).exp() * size / 2
    return torch.cat((at - half, at + half), 1)


def _size_and_middle(boxes: Tensor) -> tuple[Tensor, Tensor]:
    size = boxes[:, 2:] - boxes[:, :2]
    return size, boxes[:, :2] + size / 2
