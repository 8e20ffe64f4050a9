"""Fitting what a scene says about actions: the prior, its weight beta, and the concatenation."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from hie_cli.core.types import FloatArray, IntArray
from hie_cli.recognition.scene.correction import (
    Concatenation,
    ScenePrior,
    log_scores,
    with_prior,
)
from hie_cli.training.engine.losses import class_balanced

BETAS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)


def _fit(
    network: ScenePrior | Concatenation,
    parts: Sequence[FloatArray],
    labels: IntArray,
    steps: int,
    seed: int,
) -> None:
    """Minimise the class-balanced cross-entropy of network(*parts) over labels (N,), in place."""
    inputs = [torch.from_numpy(np.asarray(part, np.float32)) for part in parts]
    target = torch.from_numpy(np.asarray(labels, np.int64))
    weights = class_balanced(torch.bincount(target, minlength=14))
    network.standard.measure(torch.cat(inputs, 1))
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    rng = np.random.default_rng(seed)
    network.train()
    for _ in range(steps):
        chosen = torch.from_numpy(rng.integers(0, len(target), 256))
        loss: Tensor = cross_entropy(
            network(*(part[chosen] for part in inputs)), target[chosen], weights
        )
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
    network.eval()


def fit_prior(scenes: FloatArray, labels: IntArray, steps: int = 400, seed: int = 0) -> ScenePrior:
    """p(action | scene) from scene vectors (N, D) and labels (N,), all classes weighing the same.

    So the prior says what a scene speaks for, not how common an action is: that the recogniser
    has learned already, and it must not count twice.
    """
    torch.manual_seed(seed)
    network = ScenePrior(scenes.shape[1])
    _fit(network, [scenes], labels, steps, seed)
    return network


def fit_concatenation(
    scores: FloatArray, scenes: FloatArray, labels: IntArray, steps: int = 400, seed: int = 0
) -> Concatenation:
    """One classifier over a recogniser's scores (N, 14) and scene vectors (N, D)."""
    torch.manual_seed(seed)
    network = Concatenation(scenes.shape[1])
    _fit(network, [log_scores(scores), scenes], labels, steps, seed)
    return network


def fit_beta(
    scores: FloatArray,
    prior: FloatArray,
    quality: Callable[[FloatArray], float],
    betas: Sequence[float] = BETAS,
) -> float:
    """The beta whose fused scores (N, 14) have the best ``quality``; ties: the smallest."""
    found = [quality(with_prior(scores, prior, beta)) for beta in betas]
    return betas[int(np.argmax(found))]
