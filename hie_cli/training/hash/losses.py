"""Losses of deep hashing. All take raw head outputs before tanh (N, B), and give a mean.

CSQ: Yuan et al. (CVPR 2020, arXiv 1908.00347). The others, for comparison: DPSH (Li et al., IJCAI
2016), HashNet (Cao et al., ICCV 2017), DTSH (Wang et al., ACCV 2016), pairs and triplets taken
within the batch.
"""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, softplus

_ROWS = 64  # whose triplets are looked at together


class HashLoss(Protocol):
    """What a batch's outputs should be like."""

    def __call__(self, raw: Tensor, labels: Tensor, progress: float) -> Tensor:
        """The loss of outputs (N, B), labels (N, K) of 0 and 1; ``progress`` of training, 0..1."""


def center_loss(codes: Tensor, centers: Tensor) -> Tensor:
    """BCE between codes (N, B) in (-1, 1) and centers of -1 and +1, both moved to 0..1."""
    return binary_cross_entropy((codes + 1) / 2, (centers + 1) / 2)


def quantisation_loss(codes: Tensor) -> Tensor:
    """The mean of (|h| - 1)^2 over codes (N, B)."""
    return (codes.abs() - 1).square().mean()


class CentralSimilarity:
    """CSQ: to each sample's center, plus ``quantisation`` times the quantisation loss.

    centers: (K, B) of -1 and +1 · ties: (B,), the code whose bits decide where the centers of a
    sample's several classes sum to 0.
    """

    def __init__(self, centers: Tensor, ties: Tensor, quantisation: float) -> None:
        self.centers, self.ties, self.quantisation = centers.float(), ties.float(), quantisation

    def __call__(self, raw: Tensor, labels: Tensor, progress: float) -> Tensor:
        """See ``HashLoss``."""
        sums = labels.float() @ self.centers
        wanted = torch.where(sums == 0, self.ties, sums.sign())
        codes = raw.tanh()
        return center_loss(codes, wanted) + self.quantisation * quantisation_loss(codes)


def _pairs(labels: Tensor) -> tuple[Tensor, Tensor]:
    """(similar (N, N) of 0 and 1, others (N, N) bool: not a sample with itself)."""
    similar = (labels.float() @ labels.float().T > 0).float()
    return similar, ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)


def _to_signs(raw: Tensor) -> Tensor:
    """The mean squared distance of outputs from their own signs."""
    return (raw - torch.where(raw >= 0, 1.0, -1.0)).square().mean()


class PairwiseLikelihood:
    """DPSH: the likelihood of similarities under theta = u_i . u_j / 2, plus quantisation."""

    def __init__(self, quantisation: float = 0.1) -> None:
        self.quantisation = quantisation

    def __call__(self, raw: Tensor, labels: Tensor, progress: float) -> Tensor:
        """See ``HashLoss``."""
        similar, others = _pairs(labels)
        theta = raw @ raw.T / 2
        likelihood = (softplus(theta) - similar * theta)[others].mean()
        return likelihood + self.quantisation * _to_signs(raw)


class WeightedContinuation:
    """HashNet: pairs weighted by their rarity; tanh grows as steep as sign while training goes on.

    alpha: slope of the pair's sigmoid · steps: how often tanh's slope grows, up to sqrt(1 + steps).
    """

    def __init__(self, alpha: float = 0.1, steps: int = 10) -> None:
        self.alpha, self.steps = alpha, steps

    def __call__(self, raw: Tensor, labels: Tensor, progress: float) -> Tensor:
        """See ``HashLoss``."""
        similar, others = _pairs(labels)
        slope = (1 + int(progress * self.steps)) ** 0.5
        codes = (slope * raw).tanh()
        theta = self.alpha * (codes @ codes.T)
        loss = softplus(theta) - similar * theta
        alike = (similar * others).sum().clamp(min=1)
        unlike = ((1 - similar) * others).sum().clamp(min=1)
        weight = torch.where(similar > 0, (alike + unlike) / alike, (alike + unlike) / unlike)
        mean: Tensor = (weight * loss)[others].mean()
        return mean / 2


class TripletLikelihood:
    """DTSH: the likelihood that theta with one's like exceeds that with others by B / 2."""

    def __init__(self, quantisation: float = 1.0) -> None:
        self.quantisation = quantisation

    def __call__(self, raw: Tensor, labels: Tensor, progress: float) -> Tensor:
        """See ``HashLoss``."""
        similar, others = _pairs(labels)
        theta = raw @ raw.T / 2
        margin = raw.shape[1] / 2
        means = []
        for first in range(0, len(raw), _ROWS):  # all at once would be N^3 numbers
            rows = slice(first, first + _ROWS)
            gaps = (theta[rows, :, None] - theta[rows, None, :] - margin).clamp(-100, 50)
            alike, unlike = (similar[rows] > 0) & others[rows], similar[rows] == 0
            triplets = alike[:, :, None] & unlike[:, None, :]
            counts = triplets.sum(dim=(1, 2))
            sums = (softplus(-gaps) * triplets).sum(dim=(1, 2))
            means.append((sums / counts.clamp(min=1))[counts > 0])
        known = torch.cat(means)
        likelihood = known.mean() if len(known) else theta.sum() * 0
        return likelihood + self.quantisation * _to_signs(raw)
