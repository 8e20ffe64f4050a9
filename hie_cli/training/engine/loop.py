"""Training of any network: epochs, schedule, validation, early stop, checkpoints, exact resume.

What is learned is a ``Task``: it gives batches, the loss of one, and the figures of a validation.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from hie_cli.core.errors import InputError
from hie_cli.core.progress import note, progress
from hie_cli.training.engine import checkpoint

Figures = dict[str, float]
History = list[Figures]


@dataclass(frozen=True)
class Optimisation:
    """AdamW's settings and when to stop.

    learning_rate: the highest · warm_up: share of all steps · patience: epochs without a better
    validation before stopping · select: the figure of ``Task.validate`` that must be high ·
    settings: whatever must be equal for a checkpoint to be resumed from.
    """

    epochs: int
    learning_rate: float
    weight_decay: float
    warm_up: float
    clip_gradient: float
    patience: int
    select: str
    seed: int
    settings: str


class Task(Protocol):
    """What a network learns."""

    @property
    def batches_per_epoch(self) -> int:
        """How many ``batches`` gives."""

    @property
    def data(self) -> list[int]:
        """Numbers that tell this data from other data, for resuming."""

    def batches(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch, on their device; random by the epoch's number alone."""

    def loss(self, batch: Any) -> tuple[Tensor, int]:
        """The mean loss of a batch, and of how many things it is the mean."""

    def finish_epoch(self) -> None:
        """What is left to do before a validation, for example measuring batch norms."""

    def validate(self) -> Figures:
        """The figures reached."""


@dataclass(frozen=True)
class Best:
    """The epoch whose figure was the highest so far (-1: none), and its weights, on the CPU."""

    epoch: int = -1
    value: float = -math.inf
    weights: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Learned:
    """The best epoch's weights, every epoch's figures, and the best epoch's number."""

    state: dict[str, Tensor]
    history: History
    best_epoch: int


def rate_at(step: int, steps: int, highest: float, warm_up: float) -> float:
    """The learning rate of a step: linear warm-up, then a cosine down to 0."""
    warm = max(1, round(warm_up * steps))
    if step < warm:
        return highest * (step + 1) / warm
    share = (step - warm) / max(1, steps - warm)
    return highest * 0.5 * (1 + math.cos(math.pi * share))


class TrainState:
    """All that changes while a network learns, and can be saved after any epoch."""

    def __init__(self, network: nn.Module, how: Optimisation, device: str) -> None:
        self.network = network.to(device)
        self.cuda = device.startswith("cuda")
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=how.learning_rate, weight_decay=how.weight_decay
        )
        self.scaler = torch.amp.GradScaler(enabled=self.cuda)
        self.history: History = []
        self.best = Best()

    def record(self) -> dict[str, Any]:
        """As a checkpoint holds it."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "history": self.history,
            "best": {
                "epoch": self.best.epoch,
                "value": self.best.value,
                "weights": self.best.weights,
            },
        }

    def restore(self, record: dict[str, Any]) -> None:
        """Go on from a checkpoint's record."""
        self.network.load_state_dict(record["network"])
        self.optimizer.load_state_dict(record["optimizer"])
        self.scaler.load_state_dict(record["scaler"])
        self.history, self.best = record["history"], Best(**record["best"])

    def step(self, loss: Tensor, rate: float, clip: float) -> None:
        """One step of the optimizer down ``loss``."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        torch.autograd.backward(self.scaler.scale(loss))
        self.scaler.unscale_(self.optimizer)
        nn.utils.clip_grad_norm_(self.network.parameters(), clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def note_figures(self, figures: Figures, select: str) -> None:
        """An epoch's figures; keeps the weights if they are the best so far."""
        number = len(self.history)
        self.history.append(figures)
        better = figures[select] > self.best.value
        if better or self.best.epoch < 0:  # a first figure that is no number is still the best yet
            weights = {k: v.detach().cpu().clone() for k, v in self.network.state_dict().items()}
            self.best = Best(number, figures[select] if better else -math.inf, weights)


def run_epoch(state: TrainState, task: Task, how: Optimisation, number: int) -> float:
    """One epoch; the mean loss over all that was learned from."""
    # Everything random in an epoch hangs on the seed and its number: exact resume.
    torch.manual_seed(how.seed * 100_003 + number)
    state.network.train()
    total, count, per_epoch = 0.0, 0, task.batches_per_epoch
    shown = progress(task.batches(number), f"epoch {number}", per_epoch, "batch")
    for k, batch in enumerate(shown):
        step, steps = number * per_epoch + k, how.epochs * per_epoch
        with torch.autocast("cuda", enabled=state.cuda):
            loss, of = task.loss(batch)
        state.step(loss, rate_at(step, steps, how.learning_rate, how.warm_up), how.clip_gradient)
        total += float(loss.detach()) * of
        count += of
    task.finish_epoch()
    return total / max(count, 1)


def learn(
    network: nn.Module,
    task: Task,
    how: Optimisation,
    folder: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
) -> Learned:
    """Train ``network`` in place; it ends with the weights of the best epoch by ``how.select``.

    After every epoch ``folder``/last.pt holds all that ``resume`` needs; an interrupted and resumed
    run gives the same figures as an uninterrupted one. Raises InputError for a checkpoint of other
    settings or data.
    """
    state = TrainState(network, how, device)
    if resume and (saved := checkpoint.load(folder, how.settings)) is not None:
        try:
            if saved["data"] != task.data:
                raise InputError(f"{folder / checkpoint.NAME}: made with other data; give the same")
            state.restore(saved)
        except checkpoint.BROKEN:
            raise checkpoint.foreign(folder) from None
    for number in range(len(state.history), how.epochs):
        if number - state.best.epoch > how.patience:
            note(f"no better for {how.patience} epochs: stopped early")
            break
        loss = run_epoch(state, task, how, number)
        figures = task.validate()
        told = "  ".join(f"{name.replace('_', ' ')} {v:.3f}" for name, v in figures.items())
        note(f"epoch {number}: loss {loss:.4f}  {told}")
        state.note_figures({"epoch": number, "loss": loss, **figures}, how.select)
        checkpoint.save(folder, how.settings, {**state.record(), "data": task.data})
    network.load_state_dict(state.best.weights)
    return Learned(state.best.weights, state.history, state.best.epoch)
