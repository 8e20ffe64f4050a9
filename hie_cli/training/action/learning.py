"""A recogniser of actions as a task for ``training.engine``: batches, loss, validation."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.config import as_dict
from hie_cli.core.types import FloatArray
from hie_cli.recognition.learned.network_specs import NetworkSpec
from hie_cli.training.action.samples import Batch, Sample, batch_of, batches, counts, epoch, groups
from hie_cli.training.action.scores import Quality, quality
from hie_cli.training.action.settings import TrainConfig
from hie_cli.training.engine.distributed import gathered, processes, rank, shared_norms
from hie_cli.training.engine.loop import Figures, Learned, Optimisation, learn
from hie_cli.training.engine.losses import class_weights, plain, tf_kd_reg, tf_kd_self

NORM_SAMPLES = 64  # over which batch norms are measured
FREE = ("epochs", "patience", "threads", "learning_rate")  # settings that may change on resume
SELECTED = {"macro": "macro_accuracy", "wf_mAP": "wf_mAP"}


@dataclass(frozen=True)
class Trained(Learned):
    """With the best epoch's quality on the validation."""

    quality: Quality


def optimisation(config: TrainConfig) -> Optimisation:
    """The engine's part of the settings."""
    kept = {k: v for k, v in as_dict(config).items() if k not in FREE}
    if processes() > 1:
        kept["processes"] = processes()
    return Optimisation(
        config.epochs,
        config.highest_rate,
        config.weight_decay,
        config.warm_up,
        config.clip_gradient,
        config.patience,
        SELECTED[config.select],
        config.seed,
        json.dumps(kept, sort_keys=True),
    )


def criterion(
    config: TrainConfig, weights: Tensor | None, teacher: nn.Module | None
) -> Callable[[Tensor, Batch], Tensor]:
    """The loss of (logits (M, K), batch) over a batch's labelled people."""
    base = plain(weights, config.smoothing, config.focal_gamma, config.multi_label)

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        known = batch.labels >= 0
        # Of all processes: weights of classes would otherwise be normalised in each by itself.
        logits, labels = gathered(logits[known].float()), gathered(batch.labels[known])
        if config.distill == "reg":
            return tf_kd_reg(logits, labels, *config.tf_kd, weights)
        if config.distill == "self":
            assert teacher is not None
            with torch.no_grad():
                taught = gathered(teacher(*batch.inputs)[known].float())
            return tf_kd_self(logits, labels, taught, *config.tf_kd, weights)
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


class ActionTask:
    """Recognising actions, learned from ``training`` and judged on ``validation``."""

    def __init__(
        self,
        network: nn.Module,
        training: Sequence[Sample],
        validation: Sequence[Sample],
        config: TrainConfig,
        device: str,
        teacher: nn.Module | None,
    ) -> None:
        self._network, self._training, self._validation = network, training, validation
        self._config, self._kind, self._device = config, config.kind(), device
        weights = class_weights(torch.from_numpy(counts(training, NUM_ACTIONS)), config.balance)
        on_device = None if weights is None else weights.to(device)
        self._loss = criterion(config, on_device, teacher)

    @property
    def batches_per_epoch(self) -> int:
        """See ``Task``."""
        return batches(self._training, self._config.batch_size * processes())

    @property
    def data(self) -> list[int]:
        """See ``Task``: numbers of samples, and of persons by class."""
        by_class: list[int] = counts(self._training, NUM_ACTIONS).tolist()
        return [len(self._training), len(self._validation), *by_class]

    def batches(self, number: int) -> Iterator[Batch]:
        """See ``Task``."""
        config = self._config
        size, augment, seed = config.batch_size * processes(), config.augment, config.seed
        part = rank(), processes()
        for batch in epoch(self._training, self._kind, size, augment, seed, number, part):
            yield batch.to(self._device)

    def loss(self, batch: Batch) -> tuple[Tensor, int]:
        """See ``Task``."""
        with shared_norms(self._network):
            logits = self._network(*batch.inputs)
        return self._loss(logits, batch), int((batch.labels >= 0).sum())

    def names(self, batch: Batch) -> list[str]:
        """See ``Divisible``."""
        return [sample.place for sample in batch.samples]

    def part(self, batch: Batch, count: int) -> Batch:
        """See ``Divisible``."""
        made = batch_of(batch.samples[:count], self._kind, batch.views[:count])
        return made.to(self._device)

    def finish_epoch(self) -> None:
        """See ``Task``."""
        if self._kind.defaults.measure_norms:
            few, size = self._training[:NORM_SAMPLES], self._config.batch_size
            measure_norms(self._network, few, self._kind, size, self._device)

    def quality(self) -> Quality:
        """How well the network as it is does on the validation."""
        multi = self._config.multi_label
        scores = predict(self._network, self._validation, self._kind, self._device, multi)
        return quality(self._validation, scores)

    def validate(self) -> Figures:
        """See ``Task``."""
        found = self.quality()
        return {
            "macro_accuracy": found.macro,
            "accuracy": found.accuracy,
            "wf_mAP": found.wf_map,
        }


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
    """Train ``network`` in place, as ``engine.loop.learn`` does, and judge the best epoch.

    Its quality is that of the weights as they are stored, in half precision.
    """
    torch.set_num_threads(config.threads)
    network.to(device)
    task = ActionTask(network, training, validation, config, device, teacher)
    found = learn(network, task, optimisation(config), folder, device=device, resume=resume)
    network.load_state_dict({name: _as_stored(value) for name, value in found.state.items()})
    return Trained(found.state, found.history, found.best_epoch, task.quality())


def _as_stored(value: Tensor) -> Tensor:
    return value.half().to(value.dtype) if value.is_floating_point() else value
