"""NanoDet's losses: quality focal, distribution focal, and generalised IoU.

X. Li et al., Generalized Focal Loss (arXiv 2006.04388); H. Rezatofighi et al., Generalized
Intersection over Union (CVPR 2019). Each gives a loss per row; who calls sums and normalises.
"""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

from hie_cli.models.networks.boxes import areas


def quality_focal(logits: Tensor, quality: Tensor, beta: float = 2.0) -> Tensor:
    """|quality - p|^beta BCE(p, quality) of person logits (...,), GFL equation 2.

    quality: overlap of the predicted box with its person; 0 where there is none.
    """
    p = logits.sigmoid()
    bce = binary_cross_entropy_with_logits(logits, quality, reduction="none")
    return (quality - p).abs().pow(beta) * bce


def distribution_focal(bins: Tensor, distance: Tensor) -> Tensor:
    """Cross-entropy (N,) of bin logits (N, B) against the two bins round ``distance`` (N,).

    Each weighs by how near it is, GFL equation 6. Distances lie in 0..B - 1.
    """
    low = distance.floor().clamp(0, bins.shape[-1] - 2)
    share = distance - low
    logs = log_softmax(bins, -1)
    index = low.long()[:, None]
    left, right = logs.gather(-1, index)[:, 0], logs.gather(-1, index + 1)[:, 0]
    return -(left * (1 - share) + right * share)


def generalised_iou(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """1 - GIoU (N,), and IoU (N,), of boxes (N, 4) xyxy."""
    low, high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    both = (high - low).clamp(min=0).prod(1)
    union = areas(a) + areas(b) - both
    iou = both / union.clamp(min=1e-6)
    hull = torch.cat((torch.minimum(a[:, :2], b[:, :2]), torch.maximum(a[:, 2:], b[:, 2:])), 1)
    whole = areas(hull).clamp(min=1e-6)
    return 1 - iou + (whole - union) / whole, iou


def expected_distance(bins: Tensor) -> Tensor:
    """The mean (...,) of distributions over 0..B - 1, from logits (..., B)."""
    steps = torch.arange(bins.shape[-1], dtype=bins.dtype, device=bins.device)
    return (bins.softmax(-1) * steps).sum(-1)
