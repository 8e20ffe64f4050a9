"""A person's posture in each row of a track, from the 14 joints or, without them, from the box."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.skeletons import (
    CHEST,
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    NOSE,
    RIGHT_ANKLE,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
)
from hie_cli.core.types import FloatArray
from hie_cli.recognition.window import Track

# A standing person is this much wider, in body heights, than a stick (shoulders, clothes).
BODY_WIDTH = 0.35
# A torso (hips to shoulders) is 0.29 of the height (Drillis and Contini, 1966).
LEAST_TORSO = 0.2


@dataclass(frozen=True)
class Posture:
    """Per row of a track (T,), NaN where unknown; angles in degrees, 0..180, against "up".

    torso_lean, leg_lean: of hips to shoulders and of ankles (else knees) to hips · leg_length,
    thigh_length: ankles and knees below the hips, in torso lengths (standing about 1.6 and 0.8) ·
    feet (T, 2): from left to right ankle, pixels · box_lean: of a stick whose bounding box has this
    shape, 0..90.
    """

    torso_lean: FloatArray
    leg_lean: FloatArray
    leg_length: FloatArray
    thigh_length: FloatArray
    feet: FloatArray
    box_lean: FloatArray


def trusted_joints(track: Track, least_score: float) -> FloatArray:
    """The keypoints (T, 14, 2) with those of score below ``least_score`` made NaN."""
    return np.where((track.keypoint_scores >= least_score)[..., None], track.keypoints, np.nan)


def mean_of(joints: FloatArray, *which: int) -> FloatArray:
    """The mean (T, 2) of the known ones of some joints; NaN where none is known."""
    chosen = joints[:, list(which)]
    known = np.isfinite(chosen)
    total = np.where(known, chosen, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore"):  # of nothing known: 0 / 0 is NaN, the answer
        mean: FloatArray = total / known.sum(axis=1)
    return mean


def angle_between(vectors: FloatArray, up: FloatArray) -> FloatArray:
    """Degrees (T,), 0..180, between vectors (T, 2) and unit vectors (T, 2)."""
    along = (vectors * up).sum(1)
    across = vectors[:, 0] * up[:, 1] - vectors[:, 1] * up[:, 0]
    degrees: FloatArray = np.degrees(np.arctan2(np.abs(across), along))
    return degrees


def stick_tilt(sizes: FloatArray) -> FloatArray:
    """Degrees (T,), 0..90, from image vertical of sticks whose bounding boxes have ``sizes``.

    A stick of length 1 and thickness b = BODY_WIDTH at angle a fills sin a + b cos a by
    cos a + b sin a.
    """
    ratio = sizes[:, 0] / np.maximum(sizes[:, 1], 1e-6)
    tilt = np.arctan2(np.maximum(ratio - BODY_WIDTH, 0), np.maximum(1 - BODY_WIDTH * ratio, 0))
    degrees: FloatArray = np.degrees(tilt)
    return degrees


def posture(joints: FloatArray, sizes: FloatArray, up: FloatArray, height: float) -> Posture:
    """The posture of every row.

    ``joints`` (T, 14, 2) as trusted, ``sizes`` (T, 2) of the boxes, ``up`` (T, 2) unit vectors,
    ``height`` of the body in pixels.
    """
    shoulders = mean_of(joints, RIGHT_SHOULDER, LEFT_SHOULDER, CHEST)
    shoulders = np.where(np.isfinite(shoulders), shoulders, joints[:, NOSE])
    hips = mean_of(joints, RIGHT_HIP, LEFT_HIP)
    knees = mean_of(joints, RIGHT_KNEE, LEFT_KNEE)
    ankles = mean_of(joints, RIGHT_ANKLE, LEFT_ANKLE)
    torso, leg, thigh = shoulders - hips, hips - ankles, hips - knees
    # Seen from above or bent to the camera a torso shrinks; no ratio is taken to less than this.
    unit = np.maximum(np.linalg.norm(torso, axis=1), LEAST_TORSO * height)
    scene = np.degrees(np.arctan2(np.abs(up[:, 0]), np.abs(up[:, 1])))
    return Posture(
        torso_lean=angle_between(torso, up),
        leg_lean=angle_between(np.where(np.isfinite(leg), leg, thigh), up),
        leg_length=(leg * up).sum(1) / unit,
        thigh_length=(thigh * up).sum(1) / unit,
        feet=joints[:, RIGHT_ANKLE] - joints[:, LEFT_ANKLE],
        box_lean=np.abs(stick_tilt(sizes) - scene),
    )
