"""``configs/train-pose.yaml``: how a pose network is trained."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from hie_cli.core.config import above, between
from hie_cli.training.data.augment import Augmentation
from hie_cli.training.engine.settings import LoopSettings

Network = Literal[
    "movenet-thunder", "movenet-lightning", "lightning-simcc", "simplebaseline-r50", "hrnet-w32",
    "hrnet-w48",
]  # fmt: skip


@dataclass(frozen=True)
class PoseTrainConfig(LoopSettings):
    """Settings of ``hie train pose``; the YAML file explains each."""

    network: Network = "movenet-lightning"
    people: Annotated[int, between(0, 10_000_000)] = 0
    weight_decay: Annotated[float, between(0, 1)] = 0.01
    clip_gradient: Annotated[float, above(0)] = 10.0
    select: Literal["near", "OKS_AP"] = "near"
    heat_loss: Literal["focal", "mse"] = "focal"
    heat_weight: Annotated[float, between(0, 1000)] = 1.0
    centre_weight: Annotated[float, between(0, 1000)] = 0.1
    offset_weight: Annotated[float, between(0, 1000)] = 1.0
    regress_weight: Annotated[float, between(0, 1000)] = 0.1
    oks_weight: Annotated[float, between(0, 1000)] = 0.0
    frozen: bool = False
    least_height: Annotated[float, between(1, 10_000)] = 24.0
    augment: Augmentation = field(default_factory=Augmentation)
