"""``configs/train-action.yaml``: how a recogniser of actions is trained."""

from dataclasses import dataclass, field
from typing import Literal

from hie_cli.core.config import as_dict
from hie_cli.core.errors import nearest
from hie_cli.recognition.learned.network_specs import NETWORKS, NetworkSpec, spec_of
from hie_cli.recognition.learned.pose_clips import Sampling
from hie_cli.training.action.augment import Augmentation

# Alpha, temperature and KL weight of ResNet18 on CIFAR-100 in the authors' code (multipliers 50 and
# 100 of a mean over batch and classes, hence alpha T^2 50 / 100 and alpha 100 / 100).
PUBLISHED = {"self": (0.95, 6.0, 17.1), "reg": (0.1, 20.0, 0.1)}


@dataclass(frozen=True)
class SlowFastConfig:
    """What SlowFast sees and how wide it is; 15 a second, 32, 64 and 256 are as published."""

    sampling: Sampling = field(default_factory=lambda: Sampling(15.0, 32))
    width: int = 64
    side: int = 256


@dataclass(frozen=True)
class TrainConfig:
    """Settings of ``hie train action``; the YAML file explains each."""

    model: str = "pose-stream"
    epochs: int = 20
    batch: int | None = None
    learning_rate: float | None = None
    weight_decay: float = 0.02
    warm_up: float = 0.05
    clip_gradient: float = 2.0
    patience: int = 8
    select: Literal["macro", "wf_mAP"] = "macro"
    seed: int = 0
    threads: int = 1
    multi_label: bool = False
    balance: Literal["effective", "wf_mAP", "none"] = "effective"
    focal_gamma: float = 0.0
    smoothing: float = 0.0
    distill: Literal["none", "self", "reg"] = "none"
    alpha: float | None = None
    temperature: float | None = None
    kl_weight: float | None = None
    label_every: int = 20
    interpolate: bool = True
    sampling: Sampling = field(default_factory=Sampling)
    slowfast: SlowFastConfig = field(default_factory=SlowFastConfig)
    augment: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if self.model not in NETWORKS:
            hint = nearest(self.model, list(NETWORKS))
            raise ValueError(f"model: {self.model!r} is not one of {', '.join(NETWORKS)}{hint}")
        for name in ("epochs", "batch", "patience", "threads", "label_every"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name}: {value}; expected 1 or more")
        for name in ("smoothing", "alpha", "warm_up"):
            if not 0 <= (getattr(self, name) or 0) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}; expected 0 <= {name} < 1")
        for name in ("temperature", "learning_rate"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name}: {value}; expected more than 0")
        if self.kl_weight is not None and self.kl_weight < 0:
            raise ValueError(f"kl_weight: {self.kl_weight}; expected 0 or more")
        if self.focal_gamma > 0 and self.smoothing > 0:
            raise ValueError("focal_gamma and smoothing exclude each other; set one to 0")
        if self.distill != "none" and (self.focal_gamma > 0 or self.smoothing > 0):
            raise ValueError("distill replaces focal_gamma and smoothing; set both to 0")
        if self.distill != "none" and self.multi_label:
            raise ValueError("distill compares softmax scores; set multi_label to false")
        self.kind()  # ValueError for sizes that make no sense

    @property
    def tf_kd(self) -> tuple[float, float, float | None]:
        """Tf-KD's alpha, temperature and KL weight (None: as the loss derives it from the others).

        With none of them set, those of a published run.
        """
        if self.alpha is None and self.temperature is None and self.kl_weight is None:
            return PUBLISHED["self" if self.distill == "self" else "reg"]
        alpha, temperature, _ = PUBLISHED["self" if self.distill == "self" else "reg"]
        return (
            alpha if self.alpha is None else self.alpha,
            temperature if self.temperature is None else self.temperature,
            self.kl_weight,
        )

    @property
    def batch_size(self) -> int:
        """Labelled frames in a step."""
        return self.batch or self.kind().defaults.batch

    @property
    def highest_rate(self) -> float:
        """The highest learning rate."""
        usual = self.kind().defaults.learning_rate
        return usual if self.learning_rate is None else self.learning_rate

    @property
    def instants(self) -> Sampling:
        """When the model looks."""
        return self.kind().sampling

    def kind(self) -> NetworkSpec:
        """The kind of network that is trained."""
        return spec_of(self.model, None, as_dict(self))
