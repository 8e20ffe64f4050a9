"""The region proposal network (S. Ren et al., arXiv 1506.01497), one head on five levels."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from hie_cli.models.networks.boxes import clipped, moved, suppressed
from hie_cli.models.networks.rcnn.pyramid import WIDTH

SIZES = (32.0, 64.0, 128.0, 256.0, 512.0)  # side of a level's anchors
RATIOS = (0.5, 1.0, 2.0)  # height over width
WEIGHTS = (1.0, 1.0, 1.0, 1.0)  # of ``boxes.offsets``
_OVERLAP = 0.7  # of two proposals
_LEAST_SIDE = 1e-3


@dataclass(frozen=True)
class Objectness:
    """Of every anchor, levels in turn: logits (N, A) and offsets (N, A, 4).

    anchors (A, 4) xyxy · levels: how many anchors each has · height, width: of the pictures.
    """

    logits: Tensor
    offsets: Tensor
    anchors: Tensor
    levels: tuple[int, ...]
    height: int
    width: int

    def proposals(self, most: int) -> list[Tensor]:
        """Boxes (at most ``most``, 4) of each picture; so many of each level are looked at."""
        return [self._of(n, most) for n in range(len(self.logits))]

    def _of(self, n: int, most: int) -> Tensor:
        boxes, scores = [], []
        start = 0
        for count in self.levels:
            logits = self.logits[n, start : start + count].detach()
            best = logits.topk(min(most, count)).indices + start
            start += count
            by = self.offsets[n, best].detach()
            found = clipped(moved(self.anchors[best], by, WEIGHTS), self.height, self.width)
            own = self.logits[n, best].detach()
            large = ((found[:, 2:] - found[:, :2]) >= _LEAST_SIDE).all(1)
            found, own = found[large], own[large]
            kept = suppressed(found, own, _OVERLAP)  # levels do not suppress each other
            boxes.append(found[kept])
            scores.append(own[kept])
        every = torch.cat(boxes)
        order = torch.cat(scores).argsort(descending=True, stable=True)
        return every[order[:most]]


class Head(nn.Module):
    """Maps -> for each anchor a logit, and offsets."""

    def __init__(self) -> None:
        super().__init__()
        hidden = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.conv = nn.Sequential(nn.Sequential(hidden))
        self.cls_logits = nn.Conv2d(WIDTH, len(RATIOS), 1)
        self.bbox_pred = nn.Conv2d(WIDTH, 4 * len(RATIOS), 1)
        for layer in (hidden, self.cls_logits, self.bbox_pred):
            nn.init.normal_(layer.weight, std=0.01)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def forward(self, level: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 256, h, w) -> logits (N, h * w * 3), offsets (N, h * w * 3, 4)."""
        x = relu(self.conv(level))
        logits: Tensor = self.cls_logits(x)
        count, _, height, width = logits.shape
        by = self.bbox_pred(x).view(count, len(RATIOS), 4, height, width)
        flat = logits.permute(0, 2, 3, 1).reshape(count, -1)
        return flat.float(), by.permute(0, 3, 4, 1, 2).reshape(count, -1, 4).float()


class ProposalNetwork(nn.Module):
    """The head over all levels."""

    def __init__(self) -> None:
        super().__init__()
        self.head = Head()

    def forward(self, levels: Sequence[Tensor], height: int, width: int) -> Objectness:
        """Five maps of pictures of ``height`` x ``width`` -> what is found at every anchor."""
        found = [self.head(level) for level in levels]
        anchors = [
            anchors_of(level.shape[-2:], height, width, size, level.device)
            for level, size in zip(levels, SIZES, strict=True)
        ]
        return Objectness(
            torch.cat([logits for logits, _ in found], 1), torch.cat([by for _, by in found], 1),
            torch.cat(anchors), tuple(map(len, anchors)), height, width,
        )  # fmt: skip


def anchors_of(
    cells: Sequence[int], height: int, width: int, size: float, device: torch.device
) -> Tensor:
    """Anchors (h * w * 3, 4) of a level of ``cells`` (h, w): corners of whole pixels.

    Their middles lie at the cells' upper left corners, as published.
    """
    ratio = torch.tensor(RATIOS, device=device).sqrt()
    half = torch.stack((size / ratio, size * ratio), 1) / 2
    base = torch.cat((-half, half), 1).round()
    y = torch.arange(cells[0], device=device) * (height // cells[0])
    x = torch.arange(cells[1], device=device) * (width // cells[1])
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    at = torch.stack((columns, rows, columns, rows), -1).reshape(-1, 1, 4)
    return (at + base).reshape(-1, 4).float()
