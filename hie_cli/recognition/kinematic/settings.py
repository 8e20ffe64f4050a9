"""Every threshold of the kinematic recogniser; ``configs/action.yaml`` mirrors and explains them.

Lengths are in body heights, speeds in body heights per second (a walker makes about 0.8), angles in
degrees.
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Gate:
    """A soft threshold: how true it is that a quantity is above ``at`` (0.5 there).

    ``width`` is the logistic's scale: 0.88 at two widths above, 0.12 at two widths below.
    Negative widths ask for "below".
    """

    at: float
    width: float

    def __post_init__(self) -> None:
        if self.width == 0:
            raise ValueError("a gate's width must not be 0")


@dataclass(frozen=True)
class Measuring:
    """How the quantities are measured."""

    least_joint_score: float = 0.1
    least_pose_score: float = 0.2
    least_joint_height: float = 24.0
    small_height: float = 72.0
    small_pose_score: float = 0.6
    most_covered: float = 0.3
    motion_seconds: float = 1.0
    posture_seconds: float = 0.5
    lag_seconds: float = 0.2
    speed_noise: float = 2.0
    camera_noise: float = 0.03
    common_people: int = 5
    common_share: float = 0.6
    common_alike: float = 0.12
    common_speed: float = 0.4
    upright_speed: float = 0.25
    upright_steady: float = 0.96
    upright_assumed: float = 0.5
    upright_level: float = 1.0
    upright_still: float = 0.25
    depth_stretch: float = 1.5
    depth_view: float = 4.0


@dataclass(frozen=True)
class Rules:
    """The thresholds, in the order in which the rules are asked."""

    lying_lean: Gate = field(default_factory=lambda: Gate(50.0, 5.0))
    lying_speed: Gate = field(default_factory=lambda: Gate(0.1, -0.03))
    falling_turn: Gate = field(default_factory=lambda: Gate(45.0, 6.0))
    fight_distance: Gate = field(default_factory=lambda: Gate(0.8, -0.1))
    fight_agitation: Gate = field(default_factory=lambda: Gate(0.35, 0.04))
    fight_travel: Gate = field(default_factory=lambda: Gate(0.3, -0.05))
    fight_speed: Gate = field(default_factory=lambda: Gate(0.7, -0.1))
    bow_lean: Gate = field(default_factory=lambda: Gate(50.0, 6.0))
    bow_legs: Gate = field(default_factory=lambda: Gate(40.0, -6.0))
    folded_leg: Gate = field(default_factory=lambda: Gate(1.2, -0.1))
    folded_thigh: Gate = field(default_factory=lambda: Gate(0.55, -0.08))
    squat_leg: Gate = field(default_factory=lambda: Gate(0.6, -0.06))
    crouch_speed: Gate = field(default_factory=lambda: Gate(0.3, -0.05))
    crouch_lean: Gate = field(default_factory=lambda: Gate(40.0, 5.0))
    collapse: Gate = field(default_factory=lambda: Gate(0.72, -0.04))
    riding_speed: Gate = field(default_factory=lambda: Gate(1.0, 0.1))
    riding_stride: Gate = field(default_factory=lambda: Gate(0.12, -0.02))
    riding_unseen: float = 0.1
    moving_speed: Gate = field(default_factory=lambda: Gate(0.25, 0.04))
    stairs_climb: Gate = field(default_factory=lambda: Gate(0.2, 0.03))
    stairs_fastest: Gate = field(default_factory=lambda: Gate(0.75, -0.05))
    stairs_steep: Gate = field(default_factory=lambda: Gate(0.5, 0.05))
    stairs_prior: float = 0.6
    running_speed: Gate = field(default_factory=lambda: Gate(1.2, 0.1))
    together_distance: Gate = field(default_factory=lambda: Gate(1.3, -0.15))
    together_angle: Gate = field(default_factory=lambda: Gate(35.0, -6.0))
    together_difference: Gate = field(default_factory=lambda: Gate(0.5, -0.08))
    talking_distance: Gate = field(default_factory=lambda: Gate(1.3, -0.15))
    gathering_distance: Gate = field(default_factory=lambda: Gate(1.0, -0.1))
    queue_link: float = 1.2
    queue_members: Gate = field(default_factory=lambda: Gate(2.8, 0.2))
    queue_line: Gate = field(default_factory=lambda: Gate(0.87, 0.04))
    same_depth: Gate = field(default_factory=lambda: Gate(1.6, -0.1))


@dataclass(frozen=True)
class KinematicConfig:
    """The kinematic recogniser: how it measures, its rules, and what decides.

    decision: ``fitted`` on measures and rules together (``weights/kinematic.json``), or the
    ``rules`` alone, asked one after the other.
    """

    decision: Literal["fitted", "rules"] = "fitted"
    measuring: Measuring = field(default_factory=Measuring)
    rules: Rules = field(default_factory=Rules)
