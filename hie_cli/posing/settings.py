"""Settings of poses (``pose``) and of their refinement over time (``refine``)."""

from dataclasses import dataclass, field
from typing import Literal

from hie_cli.flow.estimators import FlowConfig


@dataclass(frozen=True)
class PoseConfig:
    """The pose stage's options; ``configs/pose.yaml`` explains each.

    Raises ValueError where a value makes no sense.
    """

    mode: Literal["fused", "top-down", "one-pass"] = "fused"
    model: str = "movenet-thunder"
    flip: bool = False
    trust: float = 1.0
    min_score: float = 0.1
    sure_score: float = 0.5
    most_crops: int = 0
    merge_oks: float = 0.75
    window: int = 8
    nms_oks: float = 0.9
    nms_iou: float = 0.55
    min_joint_score: float = 0.0

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError("pose.window must be at least 1")
        if self.most_crops < 0:
            raise ValueError("pose.most_crops must be at least 0; 0 sets no limit")
        if self.flip and self.mode == "one-pass":
            raise ValueError("pose.flip needs a pose network; mode one-pass runs none")


@dataclass(frozen=True)
class RefineConfig:
    """Refinement's options; ``configs/refine.yaml`` explains each.

    Raises ValueError where a value makes no sense.
    """

    method: Literal["flow", "one-euro", "savgol", "none"] = "flow"
    frames: int = 5
    decay_seconds: float = 0.1
    own_weight: float = 1.5
    own_share: float = 0.5
    max_error: float = 0.02
    hidden_weight: float = 1.0
    score_power: float = 4.0
    min_similarity: float = 0.4
    outlier: float = 0.1
    fill_joints: bool = True
    fill_people: bool = True
    fill_weight: float = 0.05
    fill_min_score: float = 0.2
    filled_score: float = 0.7
    min_cutoff: float = 0.15
    beta: float = 20.0
    savgol_frames: int = 2
    savgol_order: int = 2
    flow: FlowConfig = field(default_factory=FlowConfig)

    def __post_init__(self) -> None:
        if self.frames < 1:
            raise ValueError("refine.frames must be at least 1; refine.method none turns it off")
        if self.decay_seconds <= 0 or self.outlier <= 0 or self.max_error <= 0:
            raise ValueError("refine: decay_seconds, outlier and max_error must be above 0")
