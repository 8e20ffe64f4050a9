"""Losses of maps of joints: penalty-reduced focal (CenterNet), squared error, absolute error."""

import torch
from torch import Tensor

_EPS = 1e-4


def heat_focal(probability: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """CenterNet's loss of probabilities (...): log p where ``target`` is 1, else the penalty.

    -(1 - p)^2 log p at peaks, -(1 - y)^4 p^2 log(1 - p) elsewhere, where ``counts`` is not 0; over
    the number of peaks (Objects as Points, equation 1).
    """
    p = probability.float().clamp(_EPS, 1 - _EPS)
    peak = (target >= 1).float() * counts
    right = peak * (1 - p) ** 2 * torch.log(p)
    wrong = (counts - peak) * (1 - target) ** 4 * p**2 * torch.log(1 - p)
    return -(right + wrong).sum() / peak.sum().clamp(min=1)


def heat_squared(probability: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """Squared error of maps where ``counts`` is not 0, summed over a map's cells, per peak."""
    peak = (target >= 1).float() * counts
    return ((probability.float() - target) ** 2 * counts).sum() / peak.sum().clamp(min=1)


def absolute(found: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """Mean absolute error of what ``counts``."""
    return ((found.float() - target).abs() * counts).sum() / counts.sum().clamp(min=1)
