"""``detect``'s settings; ``configs/detect.yaml`` explains each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DetectConfig:
    """The detect stage's options.

    Raises ValueError where a value makes no sense.
    """

    models: tuple[str, ...] = ("nanodet", "movenet-multipose")
    references: tuple[str, ...] = ("nanodet", "movenet-multipose")
    long_sides: tuple[int, ...] = (256, 384, 512, 640, 768, 1024, 1280)
    turned: bool = True
    budget: float = 1.2
    sparse_budget: float = 0.8
    pose_weight: float = 0.15
    most_sizes: int = 3
    segment: int = 100
    tiles: tuple[int, int] = (1, 1)
    tile_overlap: float = 0.25
    min_score: float = 0.01
    min_area: float = 100.0
    candidate_iou: float = 0.65
    fuse_iou: float = 0.55
    nms_iou: float = 0.65
    nms_oks: float = 0.7
    steady_seconds: float = 0.25
    batch: int = 1

    def __post_init__(self) -> None:
        if not self.models:
            raise ValueError("detect.models: name at least one model")
        if len(set(self.models)) < len(self.models):
            raise ValueError("detect.models: a model is named twice")
        if not self.long_sides or min(self.long_sides) < 32:
            raise ValueError("detect.long_sides: give at least one size, each 32 pixels or more")
        if min(self.segment, self.batch, self.most_sizes, *self.tiles) < 1:
            raise ValueError("detect: segment, batch, most_sizes and tiles must be at least 1")
        if min(self.budget, self.sparse_budget, self.pose_weight) < 0:
            raise ValueError("detect: budget, sparse_budget and pose_weight must be 0 or more")
        if not 0 <= self.tile_overlap <= 0.9:
            raise ValueError("detect.tile_overlap must be within 0..0.9")
        if not 0 <= self.steady_seconds <= 5:
            raise ValueError("detect.steady_seconds must be within 0..5")
