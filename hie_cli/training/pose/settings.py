"""``configs/train-pose.yaml``: how a pose network is trained."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from hie_cli.core.config import above, between
from hie_cli.training.data.augment import Augmentation


@dataclass(frozen=True)
class PoseTrainConfig:
    """Settings of ``hie train pose``; the YAML file explains each."""

    network: Literal["movenet-thunder", "movenet-lightning"] = "movenet-lightning"
    epochs: Annotated[int, between(1, 10_000)] = 20
    people: Annotated[int, between(0, 10_000_000)] = 0
    batch: Annotated[int, between(1, 1024)] = 16
    accumulate: Annotated[int, between(1, 1024)] = 1
    learning_rate: Annotated[float, above(0)] = 0.0002
    weight_decay: Annotated[float, between(0, 1)] = 0.01
    warm_up: Annotated[float, between(0, 1)] = 0.05
    clip_gradient: Annotated[float, above(0)] = 10.0
    average: Annotated[float, between(0, 0.99999)] = 0.998
    patience: Annotated[int, between(1, 10_000)] = 10
    select: Literal["near", "OKS_AP"] = "near"
    heat_loss: Literal["focal", "mse"] = "focal"
    heat_weight: Annotated[float, between(0, 1000)] = 1.0
    centre_weight: Annotated[float, between(0, 1000)] = 0.1
    offset_weight: Annotated[float, between(0, 1000)] = 1.0
    regress_weight: Annotated[float, between(0, 1000)] = 0.1
    frozen: bool = False
    least_height: Annotated[float, between(1, 10_000)] = 24.0
    seed: Annotated[int, between(0, 2**31)] = 0
    threads: Annotated[int, between(1, 256)] = 2
    workers: Annotated[int, between(0, 64)] = 2
    augment: Augmentation = field(default_factory=Augmentation)
