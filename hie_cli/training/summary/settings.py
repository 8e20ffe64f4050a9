"""``configs/train-summary.yaml``: how a summariser is trained."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class GdaConfig:
    """SUM-GDA's own settings; the YAML file explains each."""

    learn: Literal["unsupervised", "supervised"] = "unsupervised"
    width: int = 1024
    scale: float = 3.0
    itself: bool = False
    tied: bool = True
    count_weights: bool = True
    residual: bool = False
    norm: bool = False
    dropout: float = 0.6
    repelling: Literal["inputs", "scores", "features"] = "inputs"
    repelling_weight: float = 1.0
    length_weight: float = 1.0
    variance_weight: float = 0.0

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"width: {self.width}; expected 1 or more")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout}; expected 0 <= dropout < 1")
        for name in ("scale", "repelling_weight", "length_weight", "variance_weight"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name}: {getattr(self, name)}; expected 0 or more")


@dataclass(frozen=True)
class CycleConfig:
    """Cycle-SUM's own settings; the YAML file explains each."""

    hidden: int = 300
    layers: int = 3
    sparse_weight: float = 1.0
    critic_weight: float = 1.0
    generator_weight: float = 1.0
    cycle_weight: float = 0.01
    critic_every: int = 3
    clip_weights: float = 0.5
    pretrain: int = 5

    def __post_init__(self) -> None:
        for name in ("hidden", "layers", "critic_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}; expected 1 or more")
        if self.pretrain < 0:
            raise ValueError(f"pretrain: {self.pretrain}; expected 0 or more")
        if self.clip_weights <= 0:
            raise ValueError(f"clip_weights: {self.clip_weights}; expected more than 0")


@dataclass(frozen=True)
class SummaryTraining:
    """Settings of ``hie train summary``."""

    network: Literal["sum-gda", "cycle-sum"] = "sum-gda"
    centred: bool = True
    length: float = 0.3
    epochs: int = 200
    batch: int = 0
    learning_rate: float = 0.00005
    weight_decay: float = 0.00001
    warm_up: float = 0.0
    clip_gradient: float = 5.0
    patience: int = 200
    validation: float = 0.2
    threads: int = 1
    seed: int = 0
    gda: GdaConfig = field(default_factory=GdaConfig)
    cycle: CycleConfig = field(default_factory=CycleConfig)

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}; expected 1 or more")
        if self.batch < 0:
            raise ValueError(f"batch: {self.batch}; expected 0 (all videos) or more")
        if not 0 < self.length < 1:
            raise ValueError(f"length: {self.length}; expected 0 < length < 1")
        if not 0 <= self.validation < 1:
            raise ValueError(f"validation: {self.validation}; expected 0 <= validation < 1")
        for name in ("learning_rate", "clip_gradient"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: {getattr(self, name)}; expected more than 0")
