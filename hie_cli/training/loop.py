"""The training loop: epochs, schedule, validation, early stop, checkpoints and exact resume."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hie_cli.actions import NUM_ACTIONS
from hie_cli.progress import note, progress
from hie_cli.training import checkpoint
from hie_cli.training.losses import class_balanced, plain, tf_kd_reg, tf_kd_self
from hie_cli.training.samples import Batch, Sample, batch_of, counts, epoch
from hie_cli.training.scores import Quality, quality
from hie_cli.training.settings import TrainConfig
from hie_cli.types import FloatArray

History = list[dict[str, float]]


@dataclass(frozen=True)
class Trained:
    """The best epoch's weights, every epoch's figures, and the best epoch's number and quality."""

    state: dict[str, Tensor]
    history: History
    best_epoch: int
    quality: Quality


def rate_at(step: int, steps: int, config: TrainConfig) -> float:
    """The learning rate of a step: linear warm-up, then a cosine down to 0."""
    warm = max(1, round(config.warm_up * steps))
    if step < warm:
        return config.learning_rate * (step + 1) / warm
    share = (step - warm) / max(1, steps - warm)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def criterion(
    config: TrainConfig, weights: Tensor | None, teacher: nn.Module | None
) -> Callable[[Tensor, Batch, Tensor], Tensor]:
    """The loss of (logits (M, K), batch, labels (M,)) over a batch's labelled people."""
    base = plain(weights, config.smoothing, config.focal_gamma)

    def loss(logits: Tensor, batch: Batch, labels: Tensor) -> Tensor:
        if config.distill == "reg":
            return tf_kd_reg(logits, labels, config.alpha, config.temperature)
        if config.distill == "self":
            assert teacher is not None
            with torch.no_grad():
                taught = forward(teacher, batch)[batch.labels[batch.real] >= 0]
            return tf_kd_self(logits, labels, taught, config.alpha, config.temperature)
        return base(logits, labels)

    return loss


def forward(network: nn.Module, batch: Batch) -> Tensor:
    """Logits (M, 14) of the batch's people."""
    logits: Tensor = network(batch.joints, batch.boxes, batch.pairs, batch.real)
    return logits


def predict(
    network: nn.Module, samples: Sequence[Sample], device: str, size: int = 16
) -> list[FloatArray]:
    """Probabilities (N, 14) of every sample's people."""
    network.eval()
    out: list[FloatArray] = []
    with torch.no_grad():
        for k in range(0, len(samples), size):
            part = samples[k : k + size]
            batch = batch_of([s.clip for s in part], [s.labels for s in part], device)
            scores = forward(network, batch).softmax(-1).float().cpu().numpy()
            out += np.split(scores, np.cumsum([len(s.clip) for s in part])[:-1])
    return out


def to_device(batch: Batch, device: str) -> Batch:
    """The batch on a device."""
    return Batch(*(getattr(batch, name).to(device) for name in Batch.__dataclass_fields__))


def train(
    network: nn.Module,
    training: Sequence[Sample],
    validation: Sequence[Sample],
    config: TrainConfig,
    folder: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
    teacher: nn.Module | None = None,
) -> Trained:
    """Train ``network`` in place and give the best epoch by ``config.select`` on ``validation``.

    After every epoch ``folder``/last.pt holds all that ``resume`` needs; an interrupted and resumed
    run gives the same figures as an uninterrupted one. Raises InputError for a checkpoint of other
    settings.
    """
    torch.set_num_threads(config.threads)
    weights = class_balanced(torch.from_numpy(counts(training, NUM_ACTIONS))).to(device)
    loss_of = criterion(config, weights if config.balance else None, teacher)
    network.to(device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    cuda = device.startswith("cuda")
    scaler = torch.amp.GradScaler(enabled=cuda)
    per_epoch = math.ceil(len(training) / config.batch)
    history: History = []
    best: dict[str, Any] = {"epoch": -1, "value": -math.inf, "state": {}}
    if resume and (saved := checkpoint.load(folder, config)) is not None:
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        scaler.load_state_dict(saved["scaler"])
        history, best = saved["history"], saved["best"]
    for number in range(len(history), config.epochs):
        if number - best["epoch"] > config.patience:
            note(f"no better for {config.patience} epochs: stopped early")
            break
        # Everything random in an epoch hangs on the seed and its number: exact resume.
        torch.manual_seed(config.seed * 100_003 + number)
        network.train()
        total, people = 0.0, 0
        batches = epoch(training, config.batch, config.augment, config.seed, number)
        for k, raw in enumerate(progress(batches, f"epoch {number}", per_epoch, "batch")):
            for group in optimizer.param_groups:
                group["lr"] = rate_at(number * per_epoch + k, config.epochs * per_epoch, config)
            batch = to_device(raw, device)
            labels = batch.labels[batch.real]
            known = labels >= 0
            with torch.autocast("cuda", enabled=cuda):
                logits = forward(network, batch)[known].float()
                loss = loss_of(logits, batch, labels[known])
            optimizer.zero_grad()
            torch.autograd.backward(scaler.scale(loss))
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(network.parameters(), config.clip_gradient)
            scaler.step(optimizer)
            scaler.update()
            total += float(loss.detach()) * len(logits)
            people += len(logits)
        found = quality(validation, predict(network, validation, device))
        value = found.macro if config.select == "macro" else found.wf_map
        history.append(
            {
                "epoch": number,
                "loss": total / max(people, 1),
                "macro_accuracy": found.macro,
                "accuracy": found.accuracy,
                "wf_mAP": found.wf_map,
            }
        )
        note(
            f"epoch {number}: loss {total / max(people, 1):.4f}  macro accuracy {found.macro:.3f}  "
            f"wf_mAP {found.wf_map:.3f}"
        )
        if value > best["value"]:
            state = {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}
            best = {"epoch": number, "value": value, "state": state}
        checkpoint.save(
            folder,
            config,
            {
                "network": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scaler": scaler.state_dict(),
                "history": history,
                "best": best,
            },
        )
    network.load_state_dict(best["state"])
    final = quality(validation, predict(network, validation, device))
    return Trained(best["state"], history, best["epoch"], final)
