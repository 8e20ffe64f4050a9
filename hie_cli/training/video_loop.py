"""Training SlowFast on labelled clips, and the folder that it leaves behind."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

from hie_cli.actions import NUM_ACTIONS
from hie_cli.formats.files import atomic_write
from hie_cli.progress import note
from hie_cli.recognition_models.card import CARD, WEIGHTS, Card
from hie_cli.recognition_models.clips import Sampling
from hie_cli.recognition_models.slowfast import SlowFast, slowfast
from hie_cli.recognition_models.video_weights import adopt, read_weights
from hie_cli.training.losses import class_balanced
from hie_cli.training.report import write_card
from hie_cli.training.video_samples import VideoSample, batch_of, epoch
from hie_cli.types import FloatArray

NORM_CLIPS = 64  # over which batch norms are measured


@dataclass(frozen=True)
class VideoTraining:
    """How SlowFast is trained; ``width`` 64 and ``side`` 256 are the published sizes."""

    model: Literal["slowfast-r18", "slowfast-r50"] = "slowfast-r18"
    width: int = 64
    side: int = 256
    sampling: Sampling = field(default_factory=lambda: Sampling(15.0, 32))
    multi_label: bool = False
    epochs: int = 10
    batch: int = 4
    learning_rate: float = 0.002
    weight_decay: float = 0.01
    seed: int = 0


@dataclass(frozen=True)
class VideoTrained:
    """The network after its best epoch, each epoch's figures, and the best epoch's number."""

    network: SlowFast
    history: list[dict[str, float]]
    best_epoch: int


def start(config: VideoTraining, weights: Path | None = None) -> SlowFast:
    """The network to train: with random weights, or the backbone of a public checkpoint.

    Raises ModelError where the checkpoint is of another network.
    """
    torch.manual_seed(config.seed)
    network = slowfast(config.model, width=config.width)
    if weights is not None:
        adopt(network, read_weights(weights), str(weights))
    return network


def loss_of(logits: Tensor, labels: Tensor, weights: Tensor, multi_label: bool) -> Tensor:
    """Cross-entropy over the 14 actions, or the binary one of each, by class weights (14,)."""
    if not multi_label:
        return cross_entropy(logits, labels, weights)
    each = binary_cross_entropy_with_logits(
        logits, one_hot(labels, NUM_ACTIONS).float(), reduction="none"
    ).sum(1)
    return (each * weights[labels]).sum() / weights[labels].sum()


def predict(
    network: SlowFast, samples: Sequence[VideoSample], config: VideoTraining, device: str
) -> list[FloatArray]:
    """Scores (N, 14) of every sample's people."""
    network.eval()
    out: list[FloatArray] = []
    with torch.inference_mode():
        for sample in samples:
            batch = batch_of([sample], device)
            logits = network(batch.clips, batch.boxes, batch.batch)
            scores = logits.sigmoid() if config.multi_label else logits.softmax(-1)
            out.append(scores.double().cpu().numpy())
    return out


def accuracies(samples: Sequence[VideoSample], scores: Sequence[FloatArray]) -> tuple[float, float]:
    """Accuracy within each class that occurs, averaged over the classes; and over all people."""
    labels = np.concatenate([np.zeros(0, np.int64), *(s.labels for s in samples)])
    top = np.concatenate([np.zeros(0, np.int64), *(row.argmax(1) for row in scores)])
    right = top == labels
    within = [right[labels == c].mean() for c in np.unique(labels[labels >= 0])]
    if not within:
        return math.nan, math.nan
    return float(np.mean(within)), float(right[labels >= 0].mean())


def measure_norms(
    network: SlowFast, samples: Sequence[VideoSample], size: int, device: str
) -> None:
    """Batch norms' statistics anew, over ``samples``, with the weights as they are now.

    The moving averages that training leaves lag behind the weights, most of all after few steps.
    """
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm3d)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    network.train()
    with torch.no_grad():
        for k in range(0, len(samples), size):
            part = [s for s in samples[k : k + size] if s.clip.shape == samples[k].clip.shape]
            network.maps(batch_of(part, device).clips)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum


def train_video(
    network: SlowFast,
    training: Sequence[VideoSample],
    validation: Sequence[VideoSample],
    config: VideoTraining,
    device: str = "cpu",
) -> VideoTrained:
    """Train in place; the epoch of best macro accuracy on ``validation`` wins."""
    labels = torch.from_numpy(np.concatenate([s.labels for s in training]))
    weights = class_balanced(torch.bincount(labels[labels >= 0], minlength=NUM_ACTIONS)).to(device)
    network.to(device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    cuda = device.startswith("cuda")
    scaler = torch.amp.GradScaler(enabled=cuda)
    steps = config.epochs * math.ceil(len(training) / config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=steps + config.epochs, pct_start=0.1
    )
    history: list[dict[str, float]] = []
    best, state = -math.inf, network.state_dict()
    for number in range(config.epochs):
        torch.manual_seed(config.seed * 100_003 + number)
        network.train()
        total, people = 0.0, 0
        for batch in epoch(training, config.batch, config.seed, number, device):
            known = batch.labels >= 0
            with torch.autocast("cuda", enabled=cuda):
                logits = network(batch.clips, batch.boxes[known], batch.batch[known]).float()
                loss = loss_of(logits, batch.labels[known], weights, config.multi_label)
            optimizer.zero_grad()
            torch.autograd.backward(scaler.scale(loss))
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            scaler.step(optimizer)
            scaler.update()
            schedule.step()
            total += float(loss.detach()) * int(known.sum())
            people += int(known.sum())
        measure_norms(network, training[:NORM_CLIPS], config.batch, device)
        macro, accuracy = accuracies(validation, predict(network, validation, config, device))
        mean = total / max(people, 1)
        history.append(
            {"epoch": number, "loss": mean, "macro_accuracy": macro, "accuracy": accuracy}
        )
        note(f"epoch {number}: loss {mean:.4f}  macro accuracy {macro:.3f}")
        if macro > best or number == 0:
            best = macro
            state = {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}
    network.load_state_dict(state)
    chosen = int(np.nanargmax([row["macro_accuracy"] for row in history])) if history else -1
    return VideoTrained(network.eval(), history, chosen)


def write_video_model(
    folder: Path, trained: VideoTrained, config: VideoTraining, data: str
) -> Card:
    """Weights and card in ``folder``; ``data`` is a sentence on what it was trained on."""
    from safetensors.torch import save

    weights = save({k: v.cpu().contiguous() for k, v in trained.network.state_dict().items()})
    with atomic_write(folder / WEIGHTS, "wb") as file:
        file.write(weights)
    numbers = {k: round(v, 4) for k, v in trained.history[trained.best_epoch].items()}
    card = Card(
        folder.resolve().name, config.model, WEIGHTS, hashlib.sha256(weights).hexdigest(),
        config.sampling, data, numbers,
        {**asdict(config), "slowfast": {"width": config.width, "side": config.side}},
    )  # fmt: skip
    write_card(folder / CARD, card)
    return card
