"""An articulated body: joint angles over time -> 14 HiEve joints in space (forward kinematics).

A motion is an array (T, P) whose columns are named below; angles in radians, lengths in metres.
Body axes: forward, left, up. Limb angles: ``flex`` swings forward, ``out`` sideways away from the
body; elbows fold the forearm forward, knees fold the shank backward.
"""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.geometry import Floats
from hie_cli.core.skeletons import (
    CHEST,
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NOSE,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
)

LEAN, SIDE, TWIST, NOD, TURN = 0, 1, 2, 3, 4  # trunk forward, sideways, about itself; head
R_ARM, R_ARM_OUT, R_ELBOW, L_ARM, L_ARM_OUT, L_ELBOW = 5, 6, 7, 8, 9, 10
R_LEG, R_LEG_OUT, R_KNEE, L_LEG, L_LEG_OUT, L_KNEE = 11, 12, 13, 14, 15, 16
PITCH, ROLL = 17, 18  # the whole body about its pelvis: falling forward, falling to the left
LIFT = 19  # metres above contact with the ground
SEAT, SEAT_HEIGHT = 20, 21  # share 0..1 to which the pelvis rests at SEAT_HEIGHT metres
NUM_ANGLES = 22

# Beyond the 14 joints: what boxes and drawings need.
HEAD_TOP, RIGHT_TOE, LEFT_TOE, PELVIS = 14, 15, 16, 17
NUM_POINTS = 18

# The flesh round the bones: from point, to point, radius at each in shares of the height.
FLESH: tuple[tuple[int, int, float, float], ...] = (
    (CHEST, PELVIS, 0.085, 0.075),
    (NOSE, HEAD_TOP, 0.052, 0.052),
    (RIGHT_SHOULDER, RIGHT_ELBOW, 0.034, 0.027),
    (RIGHT_ELBOW, RIGHT_WRIST, 0.027, 0.018),
    (LEFT_SHOULDER, LEFT_ELBOW, 0.034, 0.027),
    (LEFT_ELBOW, LEFT_WRIST, 0.027, 0.018),
    (RIGHT_HIP, RIGHT_KNEE, 0.052, 0.036),
    (RIGHT_KNEE, RIGHT_ANKLE, 0.034, 0.022),
    (RIGHT_ANKLE, RIGHT_TOE, 0.022, 0.016),
    (LEFT_HIP, LEFT_KNEE, 0.052, 0.036),
    (LEFT_KNEE, LEFT_ANKLE, 0.034, 0.022),
    (LEFT_ANKLE, LEFT_TOE, 0.022, 0.016),
)


@dataclass(frozen=True)
class Body:
    """Segment lengths in metres."""

    height: float
    girth: float  # 1 = average width of trunk and limbs

    # Shares of the height: Drillis & Contini 1966 (as tabled in Winter, Biomechanics and Motor
    # Control of Human Movement); hips and shoulders as annotators mark them, nearer together.
    @property
    def thigh(self) -> float:
        """Hip to knee."""
        return 0.245 * self.height

    @property
    def shank(self) -> float:
        """Knee to ankle."""
        return 0.246 * self.height

    @property
    def leg(self) -> float:
        """Hip to ankle, straight."""
        return self.thigh + self.shank


def draw_body(rng: np.random.Generator) -> Body:
    """An adult, now and then a child."""
    height = rng.uniform(1.1, 1.45) if rng.random() < 0.08 else rng.normal(1.7, 0.09)
    return Body(float(np.clip(height, 1.0, 2.0)), float(np.clip(rng.normal(1.0, 0.12), 0.75, 1.4)))


def still(length: int) -> Floats:
    """A motion (length, P) of somebody standing upright with hanging arms."""
    motion = np.zeros((length, NUM_ANGLES))
    motion[:, [R_ARM_OUT, L_ARM_OUT]] = 0.12
    motion[:, [R_ELBOW, L_ELBOW]] = 0.2
    motion[:, [R_LEG_OUT, L_LEG_OUT]] = 0.04
    motion[:, [R_KNEE, L_KNEE]] = 0.05
    return motion


def _rotate(axis: int, angle: Floats) -> Floats:
    """Rotation matrices (T, 3, 3) about forward (0), left (1) or up (2)."""
    c, s = np.cos(angle), np.sin(angle)
    matrix = np.zeros((len(angle), 3, 3))
    i, j = ((1, 2), (2, 0), (0, 1))[axis]
    matrix[:, axis, axis] = 1
    matrix[:, i, i], matrix[:, j, j] = c, c
    matrix[:, i, j], matrix[:, j, i] = -s, s
    return matrix


def _limb(flex: Floats, out: Floats, side: float) -> Floats:
    """Directions (T, 3) of a limb hanging down, swung forward by flex and sideways by out."""
    return np.stack(
        [np.sin(flex) * np.cos(out), side * np.sin(out), -np.cos(flex) * np.cos(out)], -1
    )


def _apply(rotation: Floats, vectors: Floats) -> Floats:
    turned: Floats = np.einsum("tij,tj->ti", rotation, np.broadcast_to(vectors, (len(rotation), 3)))
    return turned


def posed(body: Body, motion: Floats, position: Floats, heading: Floats) -> Floats:
    """Points (T, 18, 3) in the world: the 14 joints, head top, toes and pelvis.

    ``position`` (T, 3) is the ground under the pelvis, ``heading`` (T,) the direction faced in
    radians from +x towards +y.
    """
    h = body.height
    p = np.zeros((len(motion), NUM_POINTS, 3))
    trunk = (
        _rotate(2, motion[:, TWIST]) @ _rotate(0, -motion[:, SIDE]) @ _rotate(1, motion[:, LEAN])
    )
    chest = _apply(trunk, np.array([0.0, 0.0, 0.288 * h]))
    p[:, CHEST] = chest
    head = trunk @ _rotate(2, motion[:, TURN]) @ _rotate(1, motion[:, NOD])
    p[:, NOSE] = chest + _apply(head, np.array([0.055 * h, 0.0, 0.1 * h]))
    p[:, HEAD_TOP] = chest + _apply(head, np.array([0.0, 0.0, 0.182 * h]))
    for side, shoulder, elbow, wrist, arm in (
        (-1.0, RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST, R_ARM),
        (1.0, LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST, L_ARM),
    ):
        flex, out, fold = motion[:, arm], motion[:, arm + 1], motion[:, arm + 2]
        across = np.array([0.0, side * 0.112 * h * body.girth**0.5, 0.0])
        p[:, shoulder] = chest + _apply(trunk, across)
        p[:, elbow] = p[:, shoulder] + _apply(trunk, 0.186 * h * _limb(flex, out, side))
        fore = _limb(flex + fold, out - 0.35 * np.sin(fold), side)
        p[:, wrist] = p[:, elbow] + _apply(trunk, 0.155 * h * fore)
    for side, hip, knee, ankle, toe, leg in (
        (-1.0, RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE, RIGHT_TOE, R_LEG),
        (1.0, LEFT_HIP, LEFT_KNEE, LEFT_ANKLE, LEFT_TOE, L_LEG),
    ):
        flex, out, fold = motion[:, leg], motion[:, leg + 1], motion[:, leg + 2]
        p[:, hip, 1] = side * 0.07 * h * body.girth**0.5
        p[:, knee] = p[:, hip] + body.thigh * _limb(flex, out, side)
        p[:, ankle] = p[:, knee] + body.shank * _limb(flex - fold, out, side)
        sole = 0.11 * h * _limb(flex - fold + np.pi / 2 - 0.15, np.zeros_like(out), side)
        p[:, toe] = p[:, ankle] + sole
    whole = _rotate(0, -motion[:, ROLL]) @ _rotate(1, motion[:, PITCH])
    p = np.asarray(np.einsum("tij,tkj->tki", whole, p))
    # The lowest point rests on the ground: ankles 4 % of the height above it, flesh 7 cm.
    clearance = np.full(NUM_POINTS, 0.07)
    clearance[[RIGHT_ANKLE, LEFT_ANKLE]] = 0.039 * h
    clearance[[RIGHT_TOE, LEFT_TOE]] = 0.0
    contact = (clearance - p[:, :, 2]).max(1)
    rest = motion[:, SEAT]
    pelvis = (1 - rest) * contact + rest * motion[:, SEAT_HEIGHT] + motion[:, LIFT]
    c, s = np.cos(heading)[:, None], np.sin(heading)[:, None]
    world = np.empty(p.shape)
    world[:, :, 0] = p[:, :, 0] * c - p[:, :, 1] * s
    world[:, :, 1] = p[:, :, 0] * s + p[:, :, 1] * c
    world[:, :, 2] = p[:, :, 2] + pelvis[:, None]
    world += np.asarray(position)[:, None, :]
    return world
