"""A person's posture in each row of a track, from the 14 joints or, without them, from the box."""

import warnings
from dataclasses import dataclass

import numpy as np

from hie_cli.recognition.window import Track
from hie_cli.skeletons import (
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
from hie_cli.types import FloatArray

# A standing person is this much wider, in body heights, than a stick (shoulders, clothes).
BODY_WIDTH = 0.35
# A torso (hips to shoulders) is 0.29 of the height (Drillis and Contini, 1966).
LEAST_TORSO = 0.2


@dataclass(frozen=True)
class Posture:
    """Per row of a track (T,), NaN where unknown; angles in degrees, 0..180, against "up".

    torso_axis (T, 2): unit vector from hips to shoulders · torso_lean, leg_lean: of hips to
    shoulders and of ankles (else knees) to hips · leg_length, thigh_length: ankles and knees below
    the hips, in torso lengths (standing about 1.6 and 0.8) · feet (T, 2): from left to right ankle,
    pixels · box_lean: of a stick whose bounding box has this shape.
    """

    torso_axis: FloatArray
    torso_lean: FloatArray
    leg_lean: FloatArray
    leg_length: FloatArray
    thigh_length: FloatArray
    feet: FloatArray
    box_lean: FloatArray


def body_height(track: Track, seconds: float) -> float:
    """The person's height in pixels about the window's frame.

    The box's diagonal, less the 6 % that the width adds to a standing person, is the same standing
    and lying; the upper quartile over ``seconds`` before and after survives cut-off and crouched
    moments. At least 1 px.
    """
    size = track.boxes[track.near(seconds)]
    diagonal = np.hypot(size[:, 2] - size[:, 0], size[:, 3] - size[:, 1])
    return max(float(np.quantile(diagonal, 0.75)) / float(np.hypot(1, BODY_WIDTH)), 1.0)


def trusted_joints(track: Track, least_score: float) -> FloatArray:
    """The keypoints (T, 14, 2) with those of score below ``least_score`` made NaN."""
    return np.where((track.keypoint_scores >= least_score)[..., None], track.keypoints, np.nan)


def mean_of(joints: FloatArray, *which: int) -> FloatArray:
    """The mean (T, 2) of the known ones of some joints; NaN where none is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a row of only NaN has no mean
        mean: FloatArray = np.nanmean(joints[:, list(which)], axis=1)
    return mean


def angle_between(vectors: FloatArray, up: FloatArray) -> FloatArray:
    """Degrees (T,), 0..180, between vectors (T, 2) and unit vectors (T, 2)."""
    along = (vectors * up).sum(1)
    across = vectors[:, 0] * up[:, 1] - vectors[:, 1] * up[:, 0]
    degrees: FloatArray = np.degrees(np.arctan2(np.abs(across), along))
    return degrees


def posture(track: Track, joints: FloatArray, up: FloatArray, height: float) -> Posture:
    """The posture of every row. ``joints`` (T, 14, 2) as trusted, ``up`` (T, 2) unit vectors."""
    shoulders = mean_of(joints, RIGHT_SHOULDER, LEFT_SHOULDER, CHEST)
    shoulders = np.where(np.isfinite(shoulders), shoulders, joints[:, NOSE])
    hips = mean_of(joints, RIGHT_HIP, LEFT_HIP)
    knees = mean_of(joints, RIGHT_KNEE, LEFT_KNEE)
    ankles = mean_of(joints, RIGHT_ANKLE, LEFT_ANKLE)
    torso, leg, thigh = shoulders - hips, hips - ankles, hips - knees
    length = np.linalg.norm(torso, axis=1, keepdims=True)
    # Seen from above or bent to the camera a torso shrinks; no ratio is taken to less than this.
    unit = np.maximum(length[:, 0], LEAST_TORSO * height)
    sizes = np.maximum(track.boxes[:, 2:] - track.boxes[:, :2], 1e-6)
    return Posture(
        torso_axis=torso / np.where(length > 1e-6, length, np.nan),
        torso_lean=angle_between(torso, up),
        leg_lean=angle_between(np.where(np.isfinite(leg), leg, thigh), up),
        leg_length=(leg * up).sum(1) / unit,
        thigh_length=(thigh * up).sum(1) / unit,
        feet=joints[:, RIGHT_ANKLE] - joints[:, LEFT_ANKLE],
        box_lean=_stick_lean(sizes, up),
    )


def _stick_lean(sizes: FloatArray, up: FloatArray) -> FloatArray:
    """Lean (T,) against ``up`` of a stick of thickness BODY_WIDTH that fills boxes (T, 2)."""
    ratio = sizes[:, 0] / sizes[:, 1]
    tilt = np.degrees(np.arctan2(np.maximum(ratio - BODY_WIDTH, 0), 1 - BODY_WIDTH * ratio))
    tilt = np.minimum(tilt, 90.0)
    scene = np.degrees(np.arctan2(np.abs(up[:, 0]), np.abs(up[:, 1])))
    lean: FloatArray = np.abs(tilt - scene)
    return lean
