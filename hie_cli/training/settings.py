"""``configs/train-action.yaml``: how a recogniser of actions is trained."""

from dataclasses import dataclass, field
from typing import Literal

from hie_cli.recognition_models.clips import Sampling
from hie_cli.training.samples import Augmentation


@dataclass(frozen=True)
class TrainConfig:
    """Settings of ``hie train action``; the YAML file explains each."""

    model: Literal["pose-stream"] = "pose-stream"
    epochs: int = 20
    batch: int = 12
    learning_rate: float = 0.003
    weight_decay: float = 0.02
    warm_up: float = 0.05
    clip_gradient: float = 2.0
    patience: int = 8
    select: Literal["macro", "wf_mAP"] = "macro"
    seed: int = 0
    threads: int = 1
    balance: bool = True
    focal_gamma: float = 0.0
    smoothing: float = 0.0
    distill: Literal["none", "self", "reg"] = "none"
    alpha: float = 0.3
    temperature: float = 4.0
    label_every: int = 20
    interpolate: bool = True
    sampling: Sampling = field(default_factory=Sampling)
    augment: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "patience", "threads", "label_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}; expected 1 or more")
        for name in ("smoothing", "alpha", "warm_up"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}; expected 0 <= {name} < 1")
        if self.temperature <= 0 or self.learning_rate <= 0:
            raise ValueError("temperature and learning_rate must be above 0")
        if self.focal_gamma > 0 and self.smoothing > 0:
            raise ValueError("focal_gamma and smoothing exclude each other; set one to 0")
        if self.distill != "none" and (self.focal_gamma > 0 or self.smoothing > 0):
            raise ValueError("distill replaces focal_gamma and smoothing; set both to 0")
