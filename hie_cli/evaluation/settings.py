"""Options of ``hie eval``; ``configs/eval.yaml`` lists them with comments."""

from dataclasses import dataclass, field, replace
from typing import Literal

from hie_cli.evaluation.matching import REACH, Compat, Ignore, Joints, Unposed
from hie_cli.evaluation.metrics.action_map import ActionMapConfig
from hie_cli.evaluation.metrics.clear import IgnoredReading, SwitchReading
from hie_cli.evaluation.metrics.detection_ap import Ignored
from hie_cli.evaluation.metrics.oks_ap import OksConfig
from hie_cli.evaluation.metrics.pose_ap import PoseApConfig


@dataclass(frozen=True)
class BoxConfig:
    """Track 1. ``iou``: least overlap of a match. w_MOTA: ``gamma``, which switches count as those
    of a disconnected track (``clear.SwitchReading``), and whether a track is missing where its box
    is ignored (``clear.IgnoredReading``); none of them is published.
    """

    iou: float = 0.5
    gamma: float = 2.0
    switches: SwitchReading = "track"
    ignored_frames: IgnoredReading = "missing"

    def __post_init__(self) -> None:
        if not 0 < self.iou <= 1:
            raise ValueError("box.iou: expected a number in 0..1")


@dataclass(frozen=True)
class DetectionConfig:
    """``max_detections`` a frame, best first; 0 = all. ``ignore``: ``detection_ap.Ignored``."""

    max_detections: int = 100
    ignore: Ignored = "match"


@dataclass(frozen=True)
class PoseTrackConfig:
    """Track 3. ``alpha``: the distance, in reference lengths, within which a joint is right."""

    alpha: float = 0.5
    joints: Joints = "visible"

    def __post_init__(self) -> None:
        if not 0 < self.alpha <= REACH:
            raise ValueError(f"pose_track.alpha: expected a number in 0..{REACH:g}")


@dataclass(frozen=True)
class BootstrapConfig:
    """Confidence intervals: sequences are drawn with replacement ``samples`` times.

    ``bins``: average precision is resampled on at most so many distinct scores.
    """

    samples: int = 1000
    level: float = 0.95
    seed: int = 0
    bins: int = 1000

    def __post_init__(self) -> None:
        if self.samples < 1 or self.bins < 1:
            raise ValueError("bootstrap.samples and bootstrap.bins: expected 1 or more")
        if not 0 < self.level < 1:
            raise ValueError("bootstrap.level: expected a number between 0 and 1")


@dataclass(frozen=True)
class EvalConfig:
    """All options of the evaluation.

    ``ignore``: whether ignored truth boxes (flag 0) are dropped alone or take the predictions
    matching them along (``matching.counted``); MOTChallenge's distractors always do. ``unposed``:
    what becomes of predicted poses on true people without any annotated joint
    (``matching.Unposed``). ``compat``:
    reproduce another evaluator to the letter, its errors included: ``poseval`` for the pose tracks,
    ``ava`` for actions. The layouts override the detection by content (``formats.truth``,
    ``formats.results``). ``ava_stamps``: whether time stamps of AVA csv truth are frame numbers or
    seconds at the rate of the results' documents. ``lengths``: numbers of frames by sequence, where
    the truth states none (track text without ``seqinfo.ini``). ``empty_frames``: whether frames of
    the truth without anybody are scored, or were not labelled (``length.labelled``).
    ``suspicious``: whether sequences whose truth and results seem not to belong together as read
    (``suspicions``) are refused, or scored with a note.
    """

    truth_layout: str | None = None
    results_layout: str | None = None
    ava_stamps: Literal["frames", "seconds"] = "frames"
    lengths: dict[str, int] = field(default_factory=dict)
    empty_frames: Literal["scored", "unlabelled"] = "scored"
    suspicious: Literal["refuse", "note"] = "refuse"
    ignore: Ignore = "drop"
    unposed: Unposed = "ignore"
    compat: Literal["none", "poseval", "ava"] = "none"
    box: BoxConfig = field(default_factory=BoxConfig)
    detection: DetectionConfig = field(default_factory=DetectionConfig)
    pose: PoseApConfig = field(default_factory=PoseApConfig)
    oks: OksConfig = field(default_factory=OksConfig)
    pose_track: PoseTrackConfig = field(default_factory=PoseTrackConfig)
    action: ActionMapConfig = field(default_factory=ActionMapConfig)
    bootstrap: BootstrapConfig = field(default_factory=BootstrapConfig)

    @property
    def pose_compat(self) -> Compat:
        """How the pose tracks are to be counted."""
        return "poseval" if self.compat == "poseval" else "none"

    @property
    def effective_unposed(self) -> Unposed:
        """What becomes of poses on people without joints; poseval has no rule for them."""
        return "wrong" if self.compat == "poseval" else self.unposed

    @property
    def effective_action(self) -> ActionMapConfig:
        """Track 4's options; with ``compat=ava`` those that make the AVA evaluator's figures."""
        if self.compat != "ava":
            return self.action
        return replace(
            self.action,
            frames="all",
            duplicates="wrong",
            max_rows=50,
            unlabelled="wrong",
            ties="last",
        )
