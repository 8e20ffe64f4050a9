"""``configs/train-detect.yaml``: how a detector is trained."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from hie_cli.core.config import above, between
from hie_cli.training.data.augment import Augmentation
from hie_cli.training.detect.assignment import Assignment
from hie_cli.training.distillation.settings import Distillation

NETWORKS = ("nanodet", "nanodet-half")


@dataclass(frozen=True)
class DetectTrainConfig:
    """Settings of ``hie train detect``; the YAML file explains each."""

    network: Literal["nanodet", "nanodet-half"] = "nanodet"
    side: Annotated[int, between(64, 1280)] = 416
    epochs: Annotated[int, between(1, 10_000)] = 20
    images: Annotated[int, between(0, 10_000_000)] = 0
    batch: Annotated[int, between(1, 1024)] = 16
    accumulate: Annotated[int, between(1, 1024)] = 1
    learning_rate: Annotated[float, above(0)] = 0.0003
    weight_decay: Annotated[float, between(0, 1)] = 0.05
    warm_up: Annotated[float, between(0, 1)] = 0.05
    clip_gradient: Annotated[float, above(0)] = 35.0
    average: Annotated[float, between(0, 0.99999)] = 0.998
    patience: Annotated[int, between(1, 10_000)] = 10
    select: Literal["AP", "AP50"] = "AP50"
    assignment: Assignment = "atss"
    quality_weight: Annotated[float, between(0, 100)] = 1.0
    distribution_weight: Annotated[float, between(0, 100)] = 0.25
    overlap_weight: Annotated[float, between(0, 100)] = 2.0
    frozen: Annotated[int, between(0, 4)] = 0
    seed: Annotated[int, between(0, 2**31)] = 0
    threads: Annotated[int, between(1, 256)] = 2
    workers: Annotated[int, between(0, 64)] = 2
    augment: Augmentation = field(default_factory=Augmentation)
    distill: Distillation = field(default_factory=Distillation)

    def __post_init__(self) -> None:
        if self.side % 32:
            raise ValueError(f"side: {self.side}; expected a multiple of 32")
