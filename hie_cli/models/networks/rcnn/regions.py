"""Features of regions: every region's part of the pyramid level that fits its size.

RoIAlign: K. He et al., Mask R-CNN, arXiv 1703.06870; the level by the region's area: T.-Y. Lin et
al., arXiv 1612.03144, equation 1.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from hie_cli.models.networks.boxes import areas
from hie_cli.models.networks.rcnn.pyramid import STRIDES

LEVELS = 4  # the coarsest of the five is for proposals only
_SAMPLES = 2  # along each side of a cell
_USUAL_SIDE, _USUAL_LEVEL = 224.0, 2


def pooled(levels: Sequence[Tensor], boxes: Sequence[Tensor], side: int) -> Tensor:
    """Features (M, C, side, side) of the boxes (Mi, 4) of each picture, all in one row.

    levels: maps (N, C, h, w) at strides 4, 8, 16 and 32 (more are left alone).
    """
    every = torch.cat(list(boxes))
    owner = torch.cat([torch.full((len(b),), n, device=b.device) for n, b in enumerate(boxes)])
    best = (areas(every).sqrt() / _USUAL_SIDE).log2() + 1e-6
    level = (best.floor() + _USUAL_LEVEL).clamp(0, LEVELS - 1)
    found = levels[0].new_zeros((len(every), levels[0].shape[1], side, side))
    for k, (features, stride) in enumerate(zip(levels[:LEVELS], STRIDES, strict=False)):
        for n in range(len(features)):
            rows = ((level == k) & (owner == n)).nonzero()[:, 0]
            if len(rows):
                part = aligned(features[n], every[rows] / stride, side)
                found = found.index_copy(0, rows, part.to(found.dtype))
    return found


def aligned(features: Tensor, boxes: Tensor, side: int) -> Tensor:
    """RoIAlign of boxes (M, 4), in cells, on one map (C, h, w): (M, C, side, side).

    Each cell is the mean of 2 x 2 bilinear samples. Cell k's value lies at coordinate k; samples
    up to one cell outside take the edge's value, farther ones 0. A box is 1 cell wide and high at
    least.
    """
    height, width = features.shape[1:]
    size = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1)
    steps = (torch.arange(side * _SAMPLES, device=boxes.device) + 0.5) / (side * _SAMPLES)
    x = boxes[:, :1] + size[:, :1] * steps  # (M, side * samples)
    y = boxes[:, 1:2] + size[:, 1:] * steps
    inside_x, inside_y = (x >= -1) & (x <= width), (y >= -1) & (y <= height)
    shape = len(boxes), side * _SAMPLES, side * _SAMPLES
    columns = (2 * x / max(width - 1, 1) - 1)[:, None, :].expand(shape)
    rows_at = (2 * y / max(height - 1, 1) - 1)[..., None].expand(shape)
    grid = torch.stack((columns, rows_at), -1)
    points = grid.reshape(1, -1, side * _SAMPLES, 2)  # all boxes below each other
    sampled = grid_sample(
        features[None].float(), points, mode="bilinear", padding_mode="border", align_corners=True
    )[0]
    rows = len(boxes), side, _SAMPLES, side, _SAMPLES
    counts = (inside_x[:, None, :] & inside_y[..., None]).reshape(1, *rows)
    cells = (sampled.reshape(-1, *rows) * counts).mean((3, 5))
    return cells.transpose(0, 1)
