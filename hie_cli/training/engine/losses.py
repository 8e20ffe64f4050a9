"""Losses of a classifier: cross-entropy with class weights, label smoothing, focal, and Tf-KD.

All take logits (N, K) and labels (N,) and give the mean over the N persons. Tf-KD: L. Yuan et al.,
Revisiting Knowledge Distillation via Label Smoothing Regularization (CVPR 2020, arXiv 1909.11723).
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    kl_div,
    log_softmax,
    one_hot,
    softmax,
)

CORRECT = 0.99  # the virtual teacher's probability of the true class (the paper's a)


def class_balanced(counts: Tensor, beta: float = 0.999) -> Tensor:
    """Weights (K,) of mean 1 over the classes that occur: (1 - beta) / (1 - beta^n).

    Y. Cui et al., Class-Balanced Loss Based on Effective Number of Samples (CVPR 2019). A class
    with no sample gets weight 0.
    """
    counts = counts.to(torch.float64)
    seen = counts > 0
    weights = torch.where(seen, (1 - beta) / (1 - beta ** counts.clamp(min=1)), 0.0)
    return (weights * seen.sum() / weights.sum().clamp(min=1e-12)).float()


def by_metric(counts: Tensor) -> Tensor:
    """Weights (K,) of mean 1 over the classes that occur: n^-0.5, as our wf_mAP weighs classes."""
    counts = counts.to(torch.float64)
    seen = counts > 0
    weights = torch.where(seen, counts.clamp(min=1) ** -0.5, 0.0)
    return (weights * seen.sum() / weights.sum().clamp(min=1e-12)).float()


def class_weights(counts: Tensor, how: str) -> Tensor | None:
    """Weights (K,) from samples by class: "effective" number, "wf_mAP", or "none"."""
    if how == "none":
        return None
    return class_balanced(counts) if how == "effective" else by_metric(counts)


def focal(logits: Tensor, labels: Tensor, gamma: float, weights: Tensor | None = None) -> Tensor:
    """(1 - p)^gamma times the cross-entropy (T.-Y. Lin et al., ICCV 2017), weighted by class."""
    log_p = log_softmax(logits, -1).gather(-1, labels[:, None])[:, 0]
    loss = -((1 - log_p.exp()) ** gamma) * log_p
    if weights is None:
        return loss.mean()
    w = weights[labels]
    return (w * loss).sum() / w.sum()


def divergence(teacher: Tensor, student_log: Tensor) -> Tensor:
    """KL(teacher || student): summed over classes, averaged over the batch only.

    Averaging over batch times classes instead would silently divide by the number of classes.
    """
    return kl_div(student_log, teacher, reduction="batchmean")


def tf_kd_self(
    logits: Tensor,
    labels: Tensor,
    teacher_logits: Tensor,
    alpha: float,
    temperature: float,
    kl_weight: float | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Tf-KD_self: (1 - alpha) CE + kl_weight KL(teacher || student), both softened by T.

    The teacher is a trained copy of the same network. kl_weight: None for alpha T^2; the published
    code has alpha T^2 m / K with a "multiplier" m of its own for every network · weights (K,): of
    the classes, in the cross-entropy.
    """
    if kl_weight is None:
        kl_weight = alpha * temperature**2
    soft = softmax(teacher_logits.detach() / temperature, -1)
    kl = divergence(soft, log_softmax(logits / temperature, -1))
    return (1 - alpha) * cross_entropy(logits, labels, weights) + kl_weight * kl


def virtual_teacher(
    labels: Tensor, classes: int, temperature: float, correct: float = CORRECT
) -> Tensor:
    """The virtual teacher's soft labels (N, K).

    ``correct`` on the true class, the rest spread evenly; then softmax of these *probabilities*
    over T.
    """
    p = torch.full((len(labels), classes), (1 - correct) / (classes - 1), device=labels.device)
    p.scatter_(1, labels[:, None], correct)
    return softmax(p / temperature, -1)


def tf_kd_reg(
    logits: Tensor,
    labels: Tensor,
    alpha: float,
    temperature: float,
    kl_weight: float | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Tf-KD_reg: (1 - alpha) CE + kl_weight KL(virtual teacher || student).

    The student is not softened, and there is no T^2. kl_weight: None for alpha; published: alpha
    m / K · weights (K,): of the classes, in the cross-entropy.
    """
    soft = virtual_teacher(labels, logits.shape[-1], temperature)
    kl = divergence(soft, log_softmax(logits, -1))
    weight = alpha if kl_weight is None else kl_weight
    return (1 - alpha) * cross_entropy(logits, labels, weights) + weight * kl


def binary(
    logits: Tensor, labels: Tensor, gamma: float, smoothing: float, weights: Tensor | None = None
) -> Tensor:
    """Every class by itself: binary cross-entropies summed over the classes, persons weighing as
    their class does. ``gamma`` above 0: focal. ``smoothing`` s: 1 becomes 1 - s / 2, 0 s / 2.
    """
    target = one_hot(labels, logits.shape[-1]).to(logits.dtype)
    soft = target * (1 - smoothing) + smoothing / 2
    each = binary_cross_entropy_with_logits(logits, soft, reduction="none")
    if gamma > 0:
        p = torch.sigmoid(logits)
        each = each * (1 - torch.where(target > 0, p, 1 - p)) ** gamma
    loss = each.sum(-1)
    if weights is None:
        return loss.mean()
    w = weights[labels]
    return (w * loss).sum() / w.sum()


Base = Callable[[Tensor, Tensor], Tensor]


def plain(
    weights: Tensor | None, smoothing: float, gamma: float, multi_label: bool = False
) -> Base:
    """Cross-entropy, or focal where gamma > 0, with class weights and label smoothing."""

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        if multi_label:
            return binary(logits, labels, gamma, smoothing, weights)
        if gamma > 0:
            return focal(logits, labels, gamma, weights)
        return cross_entropy(logits, labels, weights, label_smoothing=smoothing)

    return loss
