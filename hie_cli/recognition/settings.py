"""Settings of ``hie action``; ``configs/action.yaml`` mirrors and explains them."""

from dataclasses import dataclass, field

from hie_cli.recognition.kinematic.settings import KinematicConfig


@dataclass(frozen=True)
class ActionConfig:
    """``hie action``: which recognisers, their weights (empty: equal), and when they are asked."""

    models: tuple[str, ...] = field(default=("kinematic",), metadata={"formerly": "model"})
    weights: tuple[float, ...] = ()
    every: int = 20
    window_seconds: float = 2.0
    kinematic: KinematicConfig = field(default_factory=KinematicConfig)

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError("every must be at least 1")
        if self.window_seconds < 0:
            raise ValueError("window_seconds must not be negative")
        if not self.models:
            raise ValueError("models must name at least one recogniser")
        if self.weights and (min(self.weights) < 0 or sum(self.weights) <= 0):
            raise ValueError("weights must not be negative and not all 0")
