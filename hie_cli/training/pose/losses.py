"""Losses of joints: penalty-reduced focal (CenterNet), squared and absolute error, missed OKS.

What a sum is divided by is counted over all processes.
"""

import numpy as np
import torch
from torch import Tensor

from hie_cli.core.skeletons import COCO17, OKS_SIGMAS
from hie_cli.core.types import FloatArray
from hie_cli.training.engine.distributed import shared_count

_EPS = 1e-4


def _sigmas() -> FloatArray:
    """Of COCO's joints, those of HiEve's that are the same; .035 where none is (eyes, ears)."""
    found = np.full(len(COCO17.joints), 0.035, np.float32)
    for ours, theirs in enumerate(COCO17.sources):
        if len(theirs) == 1:
            found[theirs[0]] = OKS_SIGMAS[ours]
    return found


SIGMAS = _sigmas()


def heat_focal(probability: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """CenterNet's loss of probabilities (...): log p where ``target`` is 1, else the penalty.

    -(1 - p)^2 log p at peaks, -(1 - y)^4 p^2 log(1 - p) elsewhere, where ``counts`` is not 0; over
    the number of peaks (Objects as Points, equation 1).
    """
    p = probability.float().clamp(_EPS, 1 - _EPS)
    peak = (target >= 1).float() * counts
    right = peak * (1 - p) ** 2 * torch.log(p)
    wrong = (counts - peak) * (1 - target) ** 4 * p**2 * torch.log(1 - p)
    return -(right + wrong).sum() / shared_count(peak.sum())


def heat_squared(probability: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """Squared error of maps (..., h, w) where ``counts`` is not 0, summed over cells, per peak."""
    peak = (target >= 1).float() * counts
    squares = (probability.float() - target) ** 2 * counts
    return squares.sum() / shared_count(peak.sum())


def absolute(found: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """Mean absolute error, tensors of one shape, of what ``counts`` (1, else 0)."""
    return ((found.float() - target).abs() * counts).sum() / shared_count(counts.sum())


def missed_oks(found: Tensor, points: Tensor, labelled: Tensor, areas: Tensor) -> Tensor:
    """1 - OKS of joints (N, 17, 2) against labelled ones (N, 17), the mean over people.

    D. Maji et al., YOLO-Pose (CVPRW 2022), equation 3: exp(-d^2 / (2 area sigma'^2)) with COCO's
    constants, sigma' twice a joint's standard deviation. areas (N,): of the people's boxes.
    Somebody without a labelled joint does not count.
    """
    sigma = 2 * torch.from_numpy(SIGMAS).to(found)
    distance = ((found - points) ** 2).sum(-1)
    near = torch.exp(-distance / (2 * areas.clamp(min=1)[:, None] * sigma**2))
    count = labelled.sum(1)
    oks = (near * labelled).sum(1) / count.clamp(min=1)
    there = count > 0
    return ((1 - oks) * there).sum() / shared_count(there.sum().float())
