"""Settings that every training of a network has, whatever it learns."""

import json
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeVar

from hie_cli.core.config import above, as_dict, between
from hie_cli.training.engine import distributed
from hie_cli.training.engine.loop import Optimisation

# Settings that may change on resume.
FREE = ("epochs", "patience", "threads", "workers", "learning_rate")


@dataclass(frozen=True)
class LoopSettings:
    """The loop's part of a training's YAML file, which explains each."""

    epochs: Annotated[int, between(1, 10_000)] = 20
    batch: Annotated[int, between(1, 1024)] = 16
    accumulate: Annotated[int, between(1, 1024)] = 1
    learning_rate: Annotated[float, between(0, 10)] = 0.0
    weight_decay: Annotated[float, between(0, 1)] = 0.05
    warm_up: Annotated[float, between(0, 1)] = 0.05
    clip_gradient: Annotated[float, above(0)] = 35.0
    average: Annotated[float, between(0, 0.99999)] = 0.998
    patience: Annotated[int, between(1, 10_000)] = 10
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    seed: Annotated[int, between(0, 2**31)] = 0
    threads: Annotated[int, between(1, 256)] = 2
    workers: Annotated[int, between(0, 64)] = 2


Settings = TypeVar("Settings", bound=LoopSettings)


def with_rate(how: Settings, own: float) -> Settings:
    """The settings with the network's ``own`` learning rate, where they state none (0)."""
    return how if how.learning_rate else replace(how, learning_rate=own)


def fingerprint(how: Any, **more: Any) -> str:
    """What must be equal for a checkpoint to be resumed from: settings, ``more``, processes."""
    kept = {k: v for k, v in as_dict(how).items() if k not in FREE}
    return json.dumps({**kept, **more, "processes": distributed.processes()}, sort_keys=True)


def optimisation(how: LoopSettings, select: str, **more: Any) -> Optimisation:
    """The engine's part of the settings; ``more``: what else a checkpoint belongs to."""
    return Optimisation(
        how.epochs, how.learning_rate, how.weight_decay, how.warm_up, how.clip_gradient,
        how.patience, select, how.seed, fingerprint(how, **more), how.accumulate, how.average,
        how.precision,
    )  # fmt: skip
