"""Cycle-SUM's networks and losses: what is left of a video must be made back into it, and again.

L. Yuan et al., Cycle-SUM: Cycle-consistent Adversarial LSTM Networks for Unsupervised Video
Summarization (AAAI 2019, arXiv 1904.08265). No code of it is public. Readings where the text is
open: the likelihood of a generator's output is a unit Gaussian about it in the critic's features
(its last hidden state), ||phi(o) - phi(o')|| unsquared, as the printed norm has it; the weights of
the four losses are 1 unless given; learning rates are the settings'.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hie_cli.summary.networks import RecurrentSelector


class Generator(nn.Module):
    """A variational LSTM encoder and decoder: (n, D) -> (n, D), with the code's mean and log
    variance (H,).

    The encoder's last state gives the code's distribution; a sample of it (its mean outside of
    training) is the decoder's input at each of n steps: all that it knows of the video.
    """

    def __init__(self, features: int, hidden: int = 300, layers: int = 2) -> None:
        super().__init__()
        self.encoder = nn.LSTM(features, hidden, layers)
        self.mean, self.log_variance = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)
        self.decoder = nn.LSTM(hidden, hidden, layers)
        self.out = nn.Linear(hidden, features)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(outputs (n, D), mean (H,), log variance (H,))."""
        _, (last, _) = self.encoder(inputs)
        mean, log_variance = self.mean(last[-1]), self.log_variance(last[-1]).clamp(-10, 10)
        code = mean
        if self.training:
            code = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        decoded, _ = self.decoder(code.expand(len(inputs), -1))
        return self.out(decoded), mean, log_variance


class Critic(nn.Module):
    """A Wasserstein critic: (n, D) -> a number, and phi (H,), its last hidden state."""

    def __init__(self, features: int, hidden: int = 300) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)
        self.score = nn.Linear(hidden, 1)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """(score (), phi (H,))."""
        _, (last, _) = self.lstm(inputs)
        return self.score(last[-1])[0], last[-1]


class CycleNetworks(nn.Module):
    """The selector, generators summary -> original and back, and a critic for each domain."""

    def __init__(self, features: int, hidden: int = 300, layers: int = 3) -> None:
        super().__init__()
        self.selector = RecurrentSelector(features, hidden, layers)
        self.forth, self.back = (Generator(features, hidden) for _ in range(2))
        self.critic_original, self.critic_summary = (Critic(features, hidden) for _ in range(2))
        for name, weight in self.named_parameters():
            if weight.ndim > 1:
                nn.init.xavier_uniform_(weight)
            elif "bias" in name:
                nn.init.zeros_(weight)

    def makers(self) -> list[nn.Parameter]:
        """The weights of selector and generators."""
        parts = (self.selector, self.forth, self.back)
        return [weight for part in parts for weight in part.parameters()]

    def critics(self) -> list[nn.Parameter]:
        """The weights of the critics."""
        parts = (self.critic_original, self.critic_summary)
        return [weight for part in parts for weight in part.parameters()]


@dataclass(frozen=True)
class CycleWeights:
    """How much each loss counts, and the mean score that is wanted."""

    length: float
    sparse: float
    critic: float
    generator: float
    cycle: float


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) of each dimension (H,)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def cycle_loss(made_back: Tensor, original: Tensor) -> Tensor:
    """(1 / n) ||made_back - original||_1 of (n, D)."""
    return (made_back - original).abs().sum() / len(original)


def critic_loss(networks: CycleNetworks, features: Tensor) -> Tensor:
    """What the critics lower: made minus real of both domains; nothing else learns from it."""
    with torch.no_grad():
        summary = networks.selector(features)[:, None] * features
        original_made, summary_made = networks.forth(summary)[0], networks.back(features)[0]
    return wasserstein(networks.critic_original, original_made, features) + wasserstein(
        networks.critic_summary, summary_made, summary
    )


def wasserstein(critic: Critic, made: Tensor, real: Tensor) -> Tensor:
    """D(made) - D(real); turned by swapping its inputs."""
    difference: Tensor = critic(made)[0] - critic(real)[0]
    return difference


def maker_losses(networks: CycleNetworks, features: Tensor, how: CycleWeights) -> dict[str, Tensor]:
    """What selector and generators lower, by name, and their weighted ``total``.

    sparse |mean(x) - length| · critic: -D of what was made · generator: KL plus distance in phi ·
    cycle: both ways · kl: mean over dimensions (0 is the collapse of the code).
    """
    scores = networks.selector(features)
    summary = scores[:, None] * features
    original_made, *code_forth = networks.forth(summary)
    summary_made, *code_back = networks.back(features)
    summary_again, original_again = networks.back(original_made)[0], networks.forth(summary_made)[0]
    real, made = networks.critic_original(features), networks.critic_original(original_made)
    real_summary = networks.critic_summary(summary)
    made_summary = networks.critic_summary(summary_made)
    kl = divergence(*code_forth).mean() + divergence(*code_back).mean()
    apart = (real[1] - made[1]).norm() + (real_summary[1] - made_summary[1]).norm()
    losses = {
        "sparse": (scores.mean() - how.length).abs(),
        "critic": real[0] - made[0] + real_summary[0] - made_summary[0],
        "generator": kl + apart,
        "cycle": cycle_loss(summary_again, summary) + cycle_loss(original_again, features),
        "kl": kl / 2,
    }
    total = how.sparse * losses["sparse"] + how.critic * losses["critic"]
    total = total + how.generator * losses["generator"] + how.cycle * losses["cycle"]
    return {**losses, "total": total}


def pretrain_loss(networks: CycleNetworks, features: Tensor) -> Tensor:
    """Both generators as autoencoders of the features: squared error and KL."""
    total = features.sum() * 0
    for generator in (networks.forth, networks.back):
        made, mean, log_variance = generator(features)
        error = (made - features).square().sum(dim=-1).mean()
        total = total + error + divergence(mean, log_variance).mean()
    return total


def clip_weights(networks: CycleNetworks, most: float) -> None:
    """All weights, not the critics' alone, into -most..most."""
    with torch.no_grad():
        for weight in networks.parameters():
            weight.clamp_(-most, most)


def monitors(networks: CycleNetworks, features: Tensor, length: float) -> dict[str, float]:
    """Of one video, what tells a collapse.

    mean, spread: of the scores (spread 0: x = length everywhere) · soft, flat, hard: mean squared
    error per sample of the features remade from the weighted summary, from x = length, and from the
    best samples alone · kl: per dimension of the codes.
    """
    with torch.no_grad():
        scores = networks.selector(features)
        count = max(1, round(length * len(scores)))
        hard = torch.zeros_like(scores)
        hard[scores.topk(min(count, len(scores))).indices] = 1.0

        def error(weights: Tensor) -> float:
            made = networks.forth(weights[:, None] * features)[0]
            return float((made - features).square().sum(dim=-1).mean())

        _, mean, log_variance = networks.forth(scores[:, None] * features)
        return {
            "mean": float(scores.mean()),
            "spread": float(scores.std(unbiased=False)),
            "soft": error(scores),
            "flat": error(torch.full_like(scores, length)),
            "hard": error(hard),
            "kl": float(divergence(mean, log_variance).mean()),
        }
