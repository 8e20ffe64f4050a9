"""What the tracker is told (``TrackConfig``) and what it is given of a frame (``Observation``)."""

from dataclasses import dataclass, field

from hie_cli.core.types import FloatArray, People
from hie_cli.tracking.kalman import MotionNoise


@dataclass(frozen=True)
class Observation:
    """All that tracking needs of one frame, pixels no longer among it.

    appearance (N, D) float32, rows of unit length, or None · camera (3, 3) float64: homography from
    the previous observation's pixels to this one's, None = the camera stood still · flow (N, 2)
    float32: how far each person moved since the previous observation, px, NaN = unknown; None = not
    measured.
    """

    index: int
    people: People
    appearance: FloatArray | None = None
    camera: FloatArray | None = None
    flow: FloatArray | None = None


@dataclass(frozen=True)
class LinkConfig:
    """How tracklets of one person are told, offline; lengths in box heights, times in seconds.

    Explained value by value in ``configs/track.yaml``.
    """

    seconds: float = 4.0
    overlap_seconds: float = 0.5
    threshold: float = 0.0
    position: float = 0.2
    speed: float = 0.35
    size: float = 0.25
    speed_seconds: float = 1.0
    newcomers: float = 3.0
    miss: float = 0.5
    leaving: float = 2.0
    continuity: float = 2.0
    gap_seconds: float = 0.6
    cut: float = 0.0
    clear_seconds: float = 0.6
    appearance_seconds: float = 1.0


@dataclass(frozen=True)
class TrackConfig:
    """Settings of the track stage; lengths in body (box) heights, times in seconds, scores as
    shares of the sequence's top score (``score_scale.py``).

    Explained value by value in ``configs/track.yaml``.
    """

    online: bool = False
    appearance: bool = True
    appearance_model: str = ""
    appearance_share: float = 1.0
    flow: bool = False
    camera: bool = True
    flow_size: int = 480
    low_score: float = 0.2
    high_score: float = 0.5
    birth_score: float = 0.5
    sure_score: float = 0.8
    walker_score: float = 0.5
    steady_score: float = 0.65
    steady_seconds: float = 3.0
    birth_overlap: float = 0.7
    min_similarity: float = 0.4
    min_low_similarity: float = 0.4
    weak_seconds: float = 0.5
    slack: float = 0.5
    max_slack: float = 0.5
    height_weight: float = 0.5
    score_weight: float = 0.3
    pose_weight: float = 0.25
    appearance_weight: float = 1.0
    flow_weight: float = 0.15
    lost_seconds: float = 1.0
    coast_seconds: float = 0.25
    link: LinkConfig = field(default_factory=LinkConfig)
    fill_seconds: float = 2.0
    filled_score: float = 0.5
    smooth: float = 0.2
    smooth_least: float = 0.03
    duplicate_overlap: float = 0.6
    min_seconds: float = 0.5
    motion: MotionNoise = field(default_factory=MotionNoise)

    @property
    def least_score(self) -> float:
        """Detections of a lower score are left out."""
        return min(self.low_score, self.high_score, self.birth_score)

    def fill_frames(self, fps: float) -> int:
        """``fill_seconds`` in frames of a video of ``fps``."""
        return round(self.fill_seconds * fps)
