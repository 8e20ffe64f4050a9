"""What a scene says about actions, and how it joins what a recogniser says.

Two ways: a prior, p(action | person) · p(action | scene)^beta, whose beta is fitted on validation;
and concatenation, one classifier over the recogniser's log scores and the scene together.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.types import FloatArray

LEAST = 1e-4  # below which a score says no more


class Standard(nn.Module):
    """Features to mean 0 and spread 1, as measured on the training set."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("spread", torch.ones(size))

    mean: Tensor
    spread: Tensor

    def measure(self, features: Tensor) -> None:
        """Take mean and spread of features (N, D)."""
        self.mean.copy_(features.mean(0))
        self.spread.copy_(features.std(0).clamp(min=1e-3))

    def forward(self, features: Tensor) -> Tensor:
        """(N, D) to (N, D), cut at 4 spreads."""
        return ((features - self.mean) / self.spread).clamp(-4, 4)


class ScenePrior(nn.Module):
    """Logits of p(action | scene) (N, 14) from scene vectors (N, D)."""

    def __init__(self, size: int, hidden: int = 32, drop: float = 0.3) -> None:
        super().__init__()
        self.standard = Standard(size)
        self.layers = nn.Sequential(
            nn.Linear(size, hidden), nn.ReLU(), nn.Dropout(drop), nn.Linear(hidden, NUM_ACTIONS)
        )

    def forward(self, scenes: Tensor) -> Tensor:
        """See the class."""
        logits: Tensor = self.layers(self.standard(scenes))
        return logits


class Concatenation(nn.Module):
    """Logits (N, 14) from a recogniser's log scores and scene vectors side by side.

    What is learned is added to the log scores: at the start the recogniser is believed.
    """

    def __init__(self, size: int, hidden: int = 32, drop: float = 0.3) -> None:
        super().__init__()
        self.standard = Standard(NUM_ACTIONS + size)
        last = nn.Linear(hidden, NUM_ACTIONS)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(
            nn.Linear(NUM_ACTIONS + size, hidden), nn.ReLU(), nn.Dropout(drop), last
        )

    def forward(self, log_scores: Tensor, scenes: Tensor) -> Tensor:
        """(N, 14) and (N, D) to (N, 14)."""
        correction: Tensor = self.layers(self.standard(torch.cat([log_scores, scenes], 1)))
        return log_scores + correction


def log_scores(scores: FloatArray) -> FloatArray:
    """Logarithms of scores in 0..1, cut at ``LEAST``."""
    logs: FloatArray = np.log(np.clip(scores, LEAST, 1.0))
    return logs


def with_prior(scores: FloatArray, prior: FloatArray, beta: float) -> FloatArray:
    """Scores (N, 14) times prior (N, 14) to the power ``beta``, each row's sum made 1.

    beta = 0 leaves the scores as they are, up to that sum.
    """
    logs = log_scores(scores) + beta * log_scores(prior)
    fused = np.exp(logs - logs.max(-1, keepdims=True))
    rows: FloatArray = fused / fused.sum(-1, keepdims=True)
    return rows


def probabilities(network: ScenePrior, scenes: FloatArray) -> FloatArray:
    """p(action | scene) (N, 14) of scene vectors (N, D)."""
    with torch.inference_mode():
        logits = network.eval()(torch.from_numpy(np.asarray(scenes, np.float32)))
    rows: FloatArray = logits.softmax(-1).double().numpy()
    return rows


def concatenated(network: Concatenation, scores: FloatArray, scenes: FloatArray) -> FloatArray:
    """Probabilities (N, 14) of scores (N, 14) and scene vectors (N, D) together."""
    logs = torch.from_numpy(log_scores(scores).astype(np.float32))
    with torch.inference_mode():
        logits = network.eval()(logs, torch.from_numpy(np.asarray(scenes, np.float32)))
    rows: FloatArray = logits.softmax(-1).double().numpy()
    return rows


@dataclass(frozen=True)
class Correction:
    """What a scene does to scores: a prior to the power ``beta``, or concatenation (beta None)."""

    network: ScenePrior | Concatenation
    beta: float | None

    def __call__(self, scores: FloatArray, scenes: FloatArray) -> FloatArray:
        """Corrected scores (N, 14) of scores (N, 14) and scene vectors (N, D)."""
        if isinstance(self.network, Concatenation):
            return concatenated(self.network, scores, scenes)
        return with_prior(scores, probabilities(self.network, scenes), self.beta or 0.0)
