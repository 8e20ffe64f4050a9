"""Losses of summarisers without labels."""

import torch
from torch import Tensor
from torch.nn.functional import normalize


def repelling(vectors: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean cosine of all pairs of different samples (n, D): of orthogonal rows 0, of equal ones 1.

    weights (n,): pairs count as the product of theirs, so that it falls where scores are high on
    samples unlike each other. 0 for a single sample.
    """
    count = len(vectors)
    if count < 2:
        return vectors.sum() * 0
    unit = normalize(vectors, dim=-1)
    if weights is None:
        # Sum of all cosines by the sum of the vectors: n x D instead of n x n.
        total = unit.sum(dim=0).square().sum() - unit.square().sum()
        return total / (count * (count - 1))
    weighted = weights[:, None] * unit
    total = weighted.sum(dim=0).square().sum() - weighted.square().sum()
    pairs = weights.sum().square() - weights.square().sum()
    return total / pairs.clamp(min=1e-12)


def distance_loss(features: Tensor, weights: Tensor) -> Tensor:
    """Minus half the mean squared distance of all pairs of different samples (n, D), which count as
    the products of their weights (n,).

    It falls where weights are high on samples far from each other; of features that are seen from
    their mean, at mean square length 1, equal weights give -1 - 1 / (n - 1). 0 for a single sample.
    """
    if len(features) < 2:
        return weights.sum() * 0
    squares = features.square().sum(dim=-1)
    apart = weights.sum() * (weights * squares).sum()
    apart = apart - (weights[:, None] * features).sum(dim=0).square().sum()
    pairs = weights.sum().square() - weights.square().sum()
    return -apart / pairs.clamp(min=1e-12)


def length_loss(scores: Tensor, length: float) -> Tensor:
    """|mean score - length|."""
    return (scores.mean() - length).abs()


def variance_loss(scores: Tensor) -> Tensor:
    """1 - 4 variance of scores in 0..1: 0 where half of them are 0 and half 1, 1 where all are
    equal.
    """
    return 1 - 4 * scores.var(unbiased=False) if len(scores) else torch.zeros(())
