"""Training of Cycle-SUM: makers and critics in turn, checkpoints, exact resume.

The loop of ``training.engine`` knows one loss and one optimizer; adversaries need two of each.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hie_cli.core.errors import InputError
from hie_cli.core.progress import note, progress
from hie_cli.training.engine import checkpoint
from hie_cli.training.summary.cycle import (
    CycleNetworks,
    CycleWeights,
    clip_weights,
    critic_loss,
    maker_losses,
    monitors,
    pretrain_loss,
)
from hie_cli.training.summary.gda import LearnVideo, settings_text
from hie_cli.training.summary.settings import SummaryTraining


@dataclass(frozen=True)
class CycleLearned:
    """The networks after the last epoch, and every epoch's figures."""

    networks: CycleNetworks
    history: list[dict[str, float]]


def train_cycle(
    training: Sequence[LearnVideo], validation: Sequence[LearnVideo], config: SummaryTraining,
    folder: Path, *, device: str = "cpu", resume: bool = False,
) -> CycleLearned:  # fmt: skip
    """One video a step, RMSprop; ``folder``/last.pt after every epoch.

    There is no figure by which an epoch could be preferred without labels, so the last one counts;
    the monitors of every epoch are kept in the history. InputError for a checkpoint of other
    settings or data.
    """
    torch.manual_seed(config.seed)
    how = config.cycle
    networks = CycleNetworks(training[0].features.shape[1], how.hidden, how.layers)
    networks.to(device)
    makers = torch.optim.RMSprop(networks.makers(), lr=config.learning_rate)
    critics = torch.optim.RMSprop(networks.critics(), lr=config.learning_rate)
    learn_from, judge_by = (
        [_tensor(v, device) for v in videos] for videos in (training, validation)
    )
    data = [zlib.crc32(f.cpu().numpy().tobytes()) for f in (*learn_from, *judge_by)]
    history: list[dict[str, float]] = []
    parts: dict[str, Any] = {"networks": networks, "makers": makers, "critics": critics}
    text = settings_text(config)
    if resume and (saved := checkpoint.load(folder, text)) is not None:
        try:
            if saved["data"] != data:
                raise InputError(f"{folder / checkpoint.NAME}: made with other data; give the same")
            for name, part in parts.items():
                part.load_state_dict(saved[name])
            history = saved["history"]
        except checkpoint.BROKEN:
            raise checkpoint.foreign(folder) from None
    for epoch in range(len(history), how.pretrain + config.epochs):
        torch.manual_seed(config.seed * 100_003 + epoch)
        networks.train()
        first = epoch < how.pretrain
        losses = _pretrain(networks, makers, learn_from, config) if first else _epoch(
            networks, makers, critics, learn_from, config, epoch
        )  # fmt: skip
        networks.eval()
        told = [monitors(networks, features, config.length) for features in judge_by]
        figures = {name: float(np.mean([one[name] for one in told])) for name in told[0]}
        history.append({"epoch": float(epoch), **losses, **figures})
        shown = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        note(f"epoch {epoch}: loss {losses['total']:.4f}  {shown}")
        state = {name: part.state_dict() for name, part in parts.items()}
        checkpoint.save(folder, text, {**state, "history": history, "data": data})
    return CycleLearned(networks.eval(), history)


def _tensor(video: LearnVideo, device: str) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(video.features, np.float32)).to(device)


def _pretrain(
    networks: CycleNetworks, makers: torch.optim.Optimizer, videos: Sequence[Tensor],
    config: SummaryTraining,
) -> dict[str, float]:  # fmt: skip
    losses = []
    for place in progress(
        torch.randperm(len(videos)).tolist(), "pretraining", len(videos), "video"
    ):
        loss = pretrain_loss(networks, videos[place])
        _step(networks, makers, loss, config)
        losses.append(float(loss.detach()))
    return {"total": float(np.mean(losses))}


def _epoch(
    networks: CycleNetworks, makers: torch.optim.Optimizer, critics: torch.optim.Optimizer,
    videos: Sequence[Tensor], config: SummaryTraining, epoch: int,
) -> dict[str, float]:  # fmt: skip
    """``critic_every`` steps of the makers to one of the critics."""
    how = config.cycle
    weights = CycleWeights(
        config.length, how.sparse_weight, how.critic_weight, how.generator_weight, how.cycle_weight
    )
    sums: dict[str, float] = {}
    order = torch.randperm(len(videos)).tolist()
    for step, place in enumerate(progress(order, f"epoch {epoch}", len(order), "video")):
        losses = maker_losses(networks, videos[place], weights)
        _step(networks, makers, losses["total"], config)
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach()) / len(order)
        if step % how.critic_every == how.critic_every - 1:
            _step(networks, critics, critic_loss(networks, videos[place]), config)
    return sums


def _step(
    networks: CycleNetworks, optimizer: torch.optim.Optimizer, loss: Tensor, config: SummaryTraining
) -> None:
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(networks.parameters(), config.clip_gradient)
    optimizer.step()
    networks.zero_grad()  # the others' gradients of this loss
    clip_weights(networks, config.cycle.clip_weights)
