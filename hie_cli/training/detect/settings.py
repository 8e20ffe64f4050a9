"""``configs/train-detect.yaml``: how a detector is trained."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from hie_cli.core.config import between
from hie_cli.training.data.augment import Augmentation
from hie_cli.training.detect.assignment import Assignment
from hie_cli.training.distillation.settings import Distillation
from hie_cli.training.engine.settings import LoopSettings

Network = Literal[
    "nanodet", "nanodet-half", "movenet-multipose", "fasterrcnn-r50", "keypointrcnn-r50"
]


@dataclass(frozen=True)
class DetectTrainConfig(LoopSettings):
    """Settings of ``hie train detect``; the YAML file explains each."""

    network: Network = "nanodet"
    side: Annotated[int, between(64, 1280)] = 416
    images: Annotated[int, between(0, 10_000_000)] = 0
    select: Literal["AP", "AP50", "OKS_AP"] = "AP50"
    assignment: Assignment = "atss"
    quality_weight: Annotated[float, between(0, 100)] = 1.0
    distribution_weight: Annotated[float, between(0, 100)] = 0.25
    overlap_weight: Annotated[float, between(0, 100)] = 2.0
    frozen: Annotated[int, between(0, 4)] = 0
    augment: Augmentation = field(default_factory=Augmentation)
    distill: Distillation = field(default_factory=Distillation)

    def __post_init__(self) -> None:
        if self.side % 32:
            raise ValueError(f"side: {self.side}; expected a multiple of 32")
