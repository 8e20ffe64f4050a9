"""The training loop: epochs, schedule, validation, early stop, checkpoints and exact resume."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.errors import InputError
from hie_cli.core.progress import note, progress
from hie_cli.core.types import FloatArray
from hie_cli.recognition.learned.network_specs import NetworkSpec
from hie_cli.training.action.samples import Batch, Sample, batch_of, batches, counts, epoch, groups
from hie_cli.training.action.scores import Quality, quality
from hie_cli.training.action.settings import TrainConfig
from hie_cli.training.engine import checkpoint
from hie_cli.training.engine.losses import class_weights, plain, tf_kd_reg, tf_kd_self

History = list[dict[str, float]]
NORM_SAMPLES = 64  # over which SlowFast's batch norms are measured


@dataclass(frozen=True)
class Trained:
    """The best epoch's weights, every epoch's figures, and the best epoch's number and quality."""

    state: dict[str, Tensor]
    history: History
    best_epoch: int
    quality: Quality


def rate_at(step: int, steps: int, config: TrainConfig) -> float:
    """The learning rate of a step: linear warm-up, then a cosine down to 0."""
    highest = config.highest_rate
    warm = max(1, round(config.warm_up * steps))
    if step < warm:
        return highest * (step + 1) / warm
    share = (step - warm) / max(1, steps - warm)
    return highest * 0.5 * (1 + math.cos(math.pi * share))


def criterion(
    config: TrainConfig, weights: Tensor | None, teacher: nn.Module | None
) -> Callable[[Tensor, Batch], Tensor]:
    """The loss of (logits (M, K), batch) over a batch's labelled people."""
    base = plain(weights, config.smoothing, config.focal_gamma, config.multi_label)

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        known = batch.labels >= 0
        logits, labels = logits[known].float(), batch.labels[known]
        if config.distill == "reg":
            return tf_kd_reg(logits, labels, config.alpha, config.temperature)
        if config.distill == "self":
            assert teacher is not None
            with torch.no_grad():
                taught = teacher(*batch.inputs)[known].float()
            return tf_kd_self(logits, labels, taught, config.alpha, config.temperature)
        return base(logits, labels)

    return loss


def predict(
    network: nn.Module,
    samples: Sequence[Sample],
    kind: NetworkSpec,
    device: str = "cpu",
    multi_label: bool = False,
) -> list[FloatArray]:
    """Probabilities (N, 14) of every sample's people."""
    network.eval()
    out: list[FloatArray] = []
    with torch.no_grad():
        for k in range(0, len(samples), kind.most):
            part = samples[k : k + kind.most]
            logits = network(*batch_of(part, kind).to(device).inputs)
            scores = (logits.sigmoid() if multi_label else logits.softmax(-1)).float().cpu().numpy()
            out += np.split(scores, np.cumsum([len(s.view) for s in part])[:-1])
    return out


def measure_norms(
    network: nn.Module, samples: Sequence[Sample], kind: NetworkSpec, size: int, device: str
) -> None:
    """Batch norms' statistics anew, over ``samples``, with the weights as they are now.

    The moving averages that training leaves lag behind the weights, most of all after few steps.
    """
    norms = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    network.train()
    with torch.no_grad():
        for group in groups(samples):
            for k in range(0, len(group), size):
                part = [samples[i] for i in group[k : k + size]]
                network(*batch_of(part, kind).to(device).inputs)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum


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
    settings or data.
    """
    torch.set_num_threads(config.threads)
    kind, size = config.kind(), config.batch_size
    weights = class_weights(torch.from_numpy(counts(training, NUM_ACTIONS)), config.balance)
    loss_of = criterion(config, None if weights is None else weights.to(device), teacher)
    network.to(device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.highest_rate, weight_decay=config.weight_decay
    )
    cuda = device.startswith("cuda")
    scaler = torch.amp.GradScaler(enabled=cuda)
    per_epoch = batches(training, size)
    history: History = []
    best: dict[str, Any] = {"epoch": -1, "value": -math.inf, "state": {}}
    data = [len(training), len(validation), *counts(training, NUM_ACTIONS).tolist()]
    if resume and (saved := checkpoint.load(folder, config)) is not None:
        if saved["data"] != data:
            raise InputError(f"{folder / checkpoint.NAME}: made with other data; give the same")
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
        parts = epoch(training, kind, size, config.augment, config.seed, number)
        for k, raw in enumerate(progress(parts, f"epoch {number}", per_epoch, "batch")):
            for group in optimizer.param_groups:
                group["lr"] = rate_at(number * per_epoch + k, config.epochs * per_epoch, config)
            batch = raw.to(device)
            with torch.autocast("cuda", enabled=cuda):
                loss = loss_of(network(*batch.inputs), batch)
            optimizer.zero_grad()
            torch.autograd.backward(scaler.scale(loss))
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(network.parameters(), config.clip_gradient)
            scaler.step(optimizer)
            scaler.update()
            labelled = int((batch.labels >= 0).sum())
            total += float(loss.detach()) * labelled
            people += labelled
        if config.sees_clips:
            measure_norms(network, training[:NORM_SAMPLES], kind, size, device)
        found = _validated(network, validation, config, device)
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
                "data": data,
            },
        )
    network.load_state_dict(best["state"])
    final = _validated(network, validation, config, device)
    return Trained(best["state"], history, best["epoch"], final)


def _validated(
    network: nn.Module, validation: Sequence[Sample], config: TrainConfig, device: str
) -> Quality:
    scores = predict(network, validation, config.kind(), device, config.multi_label)
    return quality(validation, scores)
