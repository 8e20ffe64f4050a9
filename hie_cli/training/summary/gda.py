"""SUM-GDA as a task for ``training.engine``."""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from hie_cli.core.config import as_dict
from hie_cli.core.types import FloatArray
from hie_cli.evaluation.metrics.summary_overlap import rank_correlation
from hie_cli.summary.networks import SumGda
from hie_cli.training.engine.loop import Figures, Learned, Optimisation, learn
from hie_cli.training.summary.losses import (
    distance_loss,
    length_loss,
    repelling,
    variance_loss,
)
from hie_cli.training.summary.settings import SummaryTraining

FREE = ("epochs", "patience", "threads")  # settings that may change on resume


@dataclass(frozen=True, eq=False)
class LearnVideo:
    """features (n, D) of length 1 · gtscore (n,): what the scores are to be; None: unknown."""

    features: FloatArray
    gtscore: FloatArray | None = None


class GdaTask:
    """Scores learned from ``training``, judged on ``validation``."""

    def __init__(
        self, network: SumGda, training: Sequence[LearnVideo], validation: Sequence[LearnVideo],
        config: SummaryTraining, device: str = "cpu",
    ) -> None:  # fmt: skip
        self.network, self.config = network, config
        self.training = [_tensors(video, device) for video in training]
        self.validation = [_tensors(video, device) for video in validation]
        self.size = config.batch or len(training)

    @property
    def batches_per_epoch(self) -> int:
        """See ``engine.loop.Task``."""
        return -(-len(self.training) // self.size)

    @property
    def data(self) -> list[int]:
        """See ``engine.loop.Task``."""
        videos = (*self.training, *self.validation)
        parts = [part for video in videos for part in video if part is not None]
        return [zlib.crc32(part.cpu().numpy().tobytes()) for part in parts]

    def batches(self, epoch: int) -> Iterator[list[int]]:
        """See ``engine.loop.Task``; places of videos."""
        order = torch.randperm(len(self.training)).tolist()
        for first in range(0, len(order), self.size):
            yield order[first : first + self.size]

    def loss(self, batch: list[int]) -> tuple[Tensor, int]:
        """See ``engine.loop.Task``."""
        losses = [self.loss_of(*self.training[place]) for place in batch]
        return torch.stack(losses).mean(), len(batch)

    def loss_of(self, features: Tensor, gtscore: Tensor | None) -> Tensor:
        """Of one video: squared error of the scores, or repelling, length and variance."""
        scores, projected = self.network(features)
        gda = self.config.gda
        if gda.learn == "supervised":
            assert gtscore is not None
            return mse_loss(scores, gtscore)
        if gda.repelling == "inputs":
            apart = distance_loss(features, scores)
        else:
            apart = repelling(projected, scores if gda.repelling == "scores" else None)
        total = gda.repelling_weight * apart
        total = total + gda.length_weight * length_loss(scores, self.config.length)
        if gda.variance_weight:
            total = total + gda.variance_weight * variance_loss(scores)
        return total

    def finish_epoch(self) -> None:
        """See ``engine.loop.Task``."""

    def validate(self) -> Figures:
        """goal: minus the loss, which selects · spread: standard deviation of the scores (0 is the
        collapse to a constant) · tau: with what is known, only where that is learned from.
        """
        self.network.eval()
        losses, spreads, taus = [], [], []
        with torch.no_grad():
            for features, gtscore in self.validation:
                losses.append(float(self.loss_of(features, gtscore)))
                scores = self.network(features)[0].cpu().numpy()
                spreads.append(float(scores.std()))
                if gtscore is not None and self.config.gda.learn == "supervised":
                    taus.append(rank_correlation(scores, gtscore.cpu().numpy()[None])[0])
        figures = {"goal": -float(np.mean(losses)), "spread": float(np.mean(spreads))}
        return {**figures, "tau": float(np.mean(taus))} if taus else figures


def _tensors(video: LearnVideo, device: str) -> tuple[Tensor, Tensor | None]:
    features = torch.from_numpy(np.ascontiguousarray(video.features, np.float32)).to(device)
    if video.gtscore is None:
        return features, None
    return features, torch.from_numpy(video.gtscore.astype(np.float32)).to(device)


def settings_text(config: SummaryTraining) -> str:
    """Whatever must be equal for a checkpoint to be resumed from."""
    return json.dumps({k: v for k, v in as_dict(config).items() if k not in FREE}, sort_keys=True)


def train_gda(
    training: Sequence[LearnVideo], validation: Sequence[LearnVideo], config: SummaryTraining,
    folder: Path, *, device: str = "cpu", resume: bool = False,
) -> tuple[SumGda, Learned]:  # fmt: skip
    """The network with its best epoch's weights; checkpoints go to ``folder``."""
    torch.manual_seed(config.seed)
    gda = config.gda
    network = SumGda(
        training[0].features.shape[1], gda.width, scale=gda.scale, itself=gda.itself,
        tied=gda.tied, count_weights=gda.count_weights, residual=gda.residual,
        norm=gda.norm, dropout=gda.dropout,
    )  # fmt: skip
    task = GdaTask(network, training, validation, config, device)
    how = Optimisation(
        config.epochs, config.learning_rate, config.weight_decay, config.warm_up,
        config.clip_gradient, config.patience, "goal", config.seed, settings_text(config),
    )  # fmt: skip
    learned = learn(network, task, how, folder, device=device, resume=resume)
    return network.eval(), learned
