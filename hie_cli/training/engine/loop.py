"""Training of any network: epochs, schedule, validation, early stop, checkpoints, exact resume.

What is learned is a ``Task``: it gives batches, the loss of one, and the figures of a validation.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.progress import note, progress
from hie_cli.training.engine import checkpoint, distributed, failures

Figures = dict[str, float]
History = list[Figures]


@dataclass(frozen=True)
class Optimisation:
    """AdamW's settings and when to stop.

    learning_rate: the highest · warm_up: share of all steps · patience: epochs without a better
    validation before stopping · select: the figure of ``Task.validate`` that must be high ·
    settings: whatever must be equal for a checkpoint to be resumed from · accumulate: batches whose
    gradients make one step · average: of the weights over the steps, an exponential mean that keeps
    so much of itself in each step (0: none); it is what is validated and kept · precision: auto
    (float16 beside float32 on CUDA), fp32, or bf16 (bfloat16 beside float32, on CPUs as well).
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
    accumulate: int = 1
    average: float = 0.0
    precision: str = "auto"


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


@runtime_checkable
class Divisible(Protocol):
    """A task that can name what is in a batch, and make smaller ones."""

    def names(self, batch: Any) -> list[str]:
        """What the batch was made of, for messages."""

    def part(self, batch: Any, count: int) -> Any:
        """Its first ``count`` samples."""


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
        self.device = torch.device(device).type
        half = self.device == "cuda" and how.precision == "auto"
        self.mixed = torch.float16 if half else None
        if how.precision == "bf16":
            self.mixed = torch.bfloat16
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=how.learning_rate, weight_decay=how.weight_decay
        )
        self.scaler = torch.amp.GradScaler(enabled=half)
        self.history: History = []
        self.best = Best()
        self.keep, self.steps = how.average, 0
        self.average: dict[str, Tensor] = {}
        if how.average:
            self.average = {k: v.detach().clone() for k, v in network.state_dict().items()}

    def record(self) -> dict[str, Any]:
        """As a checkpoint holds it."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "history": self.history,
            "average": self.average,
            "steps": self.steps,
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
        self.average, self.steps = record["average"], record["steps"]

    def gather(self, loss: Tensor, batches: int) -> None:
        """Add the gradients of one batch's ``loss``, of the ``batches`` that make a step."""
        torch.autograd.backward(self.scaler.scale(loss / batches))

    def step(self, rate: float, clip: float) -> bool:
        """One step of the optimizer down the gradients gathered; whether they were finite: no step
        is taken where they are not.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        distributed.mean_gradients([self.network])
        self.scaler.unscale_(self.optimizer)
        size = nn.utils.clip_grad_norm_(self.network.parameters(), clip)
        if not (self.scaler.is_enabled() or torch.isfinite(size)):  # the scaler sees to its own
            return False
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()
        self.steps += 1
        if self.keep:  # at first the mean is over few steps, so that it follows
            keep = min(self.keep, (1 + self.steps) / (10 + self.steps))
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value.detach().to(self.average[name].dtype), 1 - keep)
        return True

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The network with its averaged weights, if there are any."""
        if not self.average:
            yield
            return
        own = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        try:
            yield
        finally:
            self.network.load_state_dict(own)

    def note_figures(self, figures: Figures, select: str) -> None:
        """An epoch's figures; keeps the weights if they are the best so far."""
        number = len(self.history)
        self.history.append(figures)
        better = figures[select] > self.best.value
        if better or self.best.epoch < 0:  # a first figure that is no number is still the best yet
            weights = {k: v.detach().cpu().clone() for k, v in self.network.state_dict().items()}
            self.best = Best(number, figures[select] if better else -math.inf, weights)


def run_epoch(state: TrainState, task: Task, how: Optimisation, number: int) -> float:
    """One epoch; the mean loss over all that was learned from.

    Raises InputError where the loss is no number, ConfigError where memory is short.
    """
    # Everything random in an epoch hangs on the seed and its number: exact resume.
    torch.manual_seed(how.seed * 100_003 + number)
    state.network.train()
    state.optimizer.zero_grad()
    sums = torch.zeros(2, dtype=torch.float64)
    per_epoch, resumable = task.batches_per_epoch, bool(state.history)
    names: list[str] = []
    shown = progress(task.batches(number), f"epoch {number}", per_epoch, "batch")
    for k, batch in enumerate(shown):
        step, steps = number * per_epoch + k, how.epochs * per_epoch
        first = k - k % how.accumulate  # of the batches that make a step
        names = [*(names if k > first else ()), *_names(task, batch)]
        try:
            loss, of = _forward(state, task, batch)
            if not torch.isfinite(loss):
                raise failures.no_number(_names(task, batch), "loss", number, k, resumable)
            state.gather(loss, min(how.accumulate, per_epoch - first))
            if (k + 1) % how.accumulate == 0 or k + 1 == per_epoch:
                rate = rate_at(step, steps, how.learning_rate, how.warm_up)
                if not state.step(rate, how.clip_gradient):
                    raise failures.no_number(names, "gradient", number, k, resumable)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not failures.short_of_memory(error):
                raise
            raise _too_large(state, task, batch) from None
        sums += torch.tensor([float(loss.detach()) * of, of], dtype=torch.float64)
    task.finish_epoch()
    total, count = distributed.mean_over_processes(sums).tolist()
    return float(total) / max(float(count), 1e-9)


def _forward(state: TrainState, task: Task, batch: Any) -> tuple[Tensor, int]:
    with torch.autocast(state.device, state.mixed, enabled=state.mixed is not None):
        return task.loss(batch)


def _names(task: Task, batch: Any) -> list[str]:
    return task.names(batch) if isinstance(task, Divisible) else []


def _too_large(state: TrainState, task: Task, batch: Any) -> ConfigError:
    """The error that says which batch would fit, if that can be tried."""
    if not isinstance(task, Divisible) or distributed.processes() > 1:  # others wait for this one
        return failures.too_large(0, lambda count: None)

    def attempt(count: int) -> None:
        state.optimizer.zero_grad()
        loss, _ = _forward(state, task, task.part(batch, count))
        torch.autograd.backward(loss)

    return failures.too_large(len(task.names(batch)), attempt)


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
        with state.averaged():
            figures = distributed.from_first(task.validate() if distributed.rank() == 0 else {})
            state.note_figures({"epoch": number, "loss": loss, **figures}, how.select)
        told = "  ".join(f"{name.replace('_', ' ')} {v:.3f}" for name, v in figures.items())
        note(f"epoch {number}: loss {loss:.4f}  {told}")
        if distributed.rank() == 0:
            checkpoint.save(folder, how.settings, {**state.record(), "data": task.data})
    network.load_state_dict(state.best.weights)
    return Learned(state.best.weights, state.history, state.best.epoch)
