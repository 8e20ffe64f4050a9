"""``configs/train-hash.yaml``: how a hash head is trained."""

from dataclasses import dataclass
from typing import Literal

from hie_cli.retrieval.index import MOST_BITS


@dataclass(frozen=True)
class HashConfig:
    """Settings of ``hie train hash``; the YAML file explains each."""

    bits: int = 64
    loss: Literal["csq", "dpsh", "hashnet", "dtsh"] = "csq"
    quantisation: float = 0.05
    frames: int = 16
    interval: float = 0.08
    clips: int = 4
    epochs: int = 60
    batch: int = 64
    learning_rate: float = 0.001
    weight_decay: float = 0.0
    warm_up: float = 0.05
    clip_gradient: float = 5.0
    patience: int = 20
    dropout: float = 0.5
    validation: float = 0.1
    select: Literal["mAP_usual", "mAP_published"] = "mAP_usual"
    skip_first_column: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("bits", "frames", "clips", "epochs", "batch", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}; expected 1 or more")
        if self.bits % 8 or self.bits > MOST_BITS:
            raise ValueError(f"bits: {self.bits}; expected a multiple of 8 up to {MOST_BITS}")
        if not 0 < self.validation < 1:
            raise ValueError(f"validation: {self.validation}; expected 0 < validation < 1")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout}; expected 0 <= dropout < 1")
        for name in ("interval", "learning_rate", "clip_gradient"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: {getattr(self, name)}; expected more than 0")
