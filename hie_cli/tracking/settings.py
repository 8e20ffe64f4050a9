"""What the tracker is told (``TrackConfig``) and what it sees of a frame (``Observation``)."""

from dataclasses import dataclass, field

from hie_cli.core.types import FloatArray, People
from hie_cli.tracking.kalman import MotionNoise


@dataclass(frozen=True)
class Observation:
    """All that tracking needs of one frame, pixels no longer among it.

    appearance (N, D) float32, rows of unit length, or None · camera (3, 3) float64: homography from
    the previous sighting's pixels to this one's, None = the camera stood still · flow (N, 2)
    float32: how far each person moved since the previous sighting, px, NaN = unknown; None = not
    measured.
    """

    index: int
    people: People
    appearance: FloatArray | None = None
    camera: FloatArray | None = None
    flow: FloatArray | None = None


@dataclass(frozen=True)
class TrackConfig:
    """Settings of the track stage; lengths in body (box) heights, times in seconds.

    Explained value by value in ``configs/track.yaml``.
    """

    online: bool = False
    appearance: bool = True
    flow: bool = False
    camera: bool = True
    flow_size: int = 480
    low_score: float = 0.1
    high_score: float = 0.3
    birth_score: float = 0.3
    min_similarity: float = 0.4
    min_low_similarity: float = 0.5
    slack: float = 0.5
    max_slack: float = 0.5
    pose_weight: float = 0.25
    appearance_weight: float = 0.5
    flow_weight: float = 0.15
    birth_overlap: float = 0.7
    lost_seconds: float = 1.0
    confirm_seconds: float = 0.2
    link_seconds: float = 4.0
    cut_threshold: float = 0.0
    clear_seconds: float = 0.6
    overlap_seconds: float = 0.5
    return_seconds: float = 30.0
    link_threshold: float = 0.0
    fill_seconds: float = 2.0
    filled_score: float = 0.5
    smooth_seconds: float = 0.3
    duplicate_overlap: float = 0.6
    min_seconds: float = 0.5
    min_score: float = 0.3
    motion: MotionNoise = field(default_factory=MotionNoise)
