"""Which of a detector's cells answers for which person.

``atss``: S. Zhang et al., Bridging the Gap Between Anchor-based and Anchor-free Detection (arXiv
1912.02424), as NanoDet uses it. ``dynamic``: the dynamic soft labels of NanoDet-Plus and RTMDet
(arXiv 2212.07784), after SimOTA (YOLOX, arXiv 2107.08430).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from hie_cli.models.networks.boxes import pairwise_iou

Assignment = Literal["atss", "dynamic"]
TOP = 9  # candidates a level (ATSS)
ANCHOR = 5.0  # side of ATSS's square anchor, in strides
_TOP_OVERLAPS = 10  # whose sum is the number of cells of a person (dynamic)
_OVERLAP_WEIGHT = 3.0  # of -log IoU in the cost (dynamic)
_IMPOSSIBLE = 1e8


@dataclass(frozen=True)
class Grid:
    """All cells: centres (A, 2) and strides (A,) in input pixels, cells of each level in turn."""

    centres: Tensor
    strides: Tensor
    levels: tuple[int, ...]

    @property
    def anchors(self) -> Tensor:
        """Square anchors (A, 4) xyxy of ``ANCHOR`` strides."""
        half = (self.strides * ANCHOR / 2)[:, None]
        return torch.cat((self.centres - half, self.centres + half), 1)


def grid(sizes: list[tuple[int, int]], strides: tuple[int, ...], device: torch.device) -> Grid:
    """The cells of maps of ``sizes`` (h, w), one a stride; centres at half cells."""
    centres, each, levels = [], [], []
    for (height, width), stride in zip(sizes, strides, strict=True):
        y, x = torch.meshgrid(
            torch.arange(height, device=device), torch.arange(width, device=device), indexing="ij"
        )
        centres.append((torch.stack((x.reshape(-1), y.reshape(-1)), 1).float() + 0.5) * stride)
        each.append(torch.full((height * width,), float(stride), device=device))
        levels.append(height * width)
    return Grid(torch.cat(centres), torch.cat(each), tuple(levels))


def inside(centres: Tensor, boxes: Tensor) -> Tensor:
    """Whether cells' centres (A, 2) lie in boxes (M, 4): (A, M)."""
    low = centres[:, None] - boxes[None, :, :2]
    high = boxes[None, :, 2:] - centres[:, None]
    return torch.cat((low, high), -1).amin(-1) > 0.01


def atss(cells: Grid, boxes: Tensor) -> Tensor:
    """The person (A,) of each cell, -1 for none; boxes (M, 4) xyxy in input pixels."""
    taken = torch.full((len(cells.centres),), -1, dtype=torch.long, device=boxes.device)
    if len(boxes) == 0:
        return taken
    overlap = pairwise_iou(cells.anchors, boxes)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    distance = torch.cdist(cells.centres, middle)
    chosen, start = [], 0
    for count in cells.levels:  # the nearest cells of every level
        part = distance[start : start + count]
        chosen.append(part.topk(min(TOP, count), 0, largest=False).indices + start)
        start += count
    candidates = torch.cat(chosen)  # (K, M)
    of = overlap.gather(0, candidates)
    threshold = of.mean(0) + (of.std(0) if len(of) > 1 else 0.0)
    good = (of >= threshold) & inside(cells.centres, boxes).gather(0, candidates)
    value = torch.full_like(overlap, -1.0)
    value.scatter_(0, candidates, torch.where(good, of, -1.0))
    best = value.max(1)
    return torch.where(best.values >= 0, best.indices, taken)


def dynamic(cells: Grid, boxes: Tensor, logits: Tensor, predicted: Tensor) -> Tensor:
    """As ``atss``, by what the network predicts now: logits (A,), predicted boxes (A, 4)."""
    taken = torch.full((len(cells.centres),), -1, dtype=torch.long, device=boxes.device)
    within = inside(cells.centres, boxes) if len(boxes) else None
    if within is None or not within.any():
        return taken
    rows = within.any(1).nonzero()[:, 0]
    overlap = pairwise_iou(predicted[rows], boxes)
    score = logits[rows, None].expand(-1, len(boxes))
    bce = binary_cross_entropy_with_logits(score, overlap, reduction="none")
    cost = bce * (overlap - score.sigmoid()).abs().square()
    cost = cost - _OVERLAP_WEIGHT * torch.log(overlap + 1e-7)
    cost = torch.where(within[rows], cost, _IMPOSSIBLE)
    counts = overlap.topk(min(_TOP_OVERLAPS, len(rows)), 0).values.sum(0).int().clamp(min=1)
    matched = torch.zeros_like(cost, dtype=torch.bool)
    for person, count in enumerate(counts.tolist()):
        cheapest = cost[:, person].topk(min(count, len(rows)), largest=False).indices
        matched[cheapest, person] = cost[cheapest, person] < _IMPOSSIBLE
    # A cell that several people want goes to the one it costs least.
    least = torch.where(matched, cost, _IMPOSSIBLE * 10).min(1)
    taken[rows] = torch.where(matched.any(1), least.indices, -1)
    return taken
