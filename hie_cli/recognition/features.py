"""The quantities that the rules ask for: one number for each person of a window."""

import math
import warnings
from dataclasses import dataclass

import numpy as np

from hie_cli.recognition.motion import Shape, rates, slope
from hie_cli.recognition.posture import Posture, body_height, mean_of, posture, trusted_joints
from hie_cli.recognition.settings import Measuring
from hie_cli.recognition.vertical import Vertical
from hie_cli.recognition.window import Track, Window
from hie_cli.skeletons import CHEST, LEFT_HIP, RIGHT_HIP
from hie_cli.types import FloatArray


@dataclass(frozen=True)
class Features:
    """Quantities of N people, (N,) unless said otherwise; NaN where unknown.

    centre (N, 2) pixels and height (N,) pixels · up (N, 2) unit vector · velocity (N, 2) body
    heights per second, and speed, its length, with motion in depth of near people · drift: upward
    part of velocity · growth of the box per second · lean: least of torso's and legs' lean, else
    the box's, degrees · turn: by how much the lean grew about the frame · torso_lean, leg_lean,
    leg_length, thigh_length as in ``Posture`` · collapse: size over the largest of the window ·
    agitation: change of the outline, body heights per second · stride: swing of the feet, body
    heights.
    """

    centre: FloatArray
    height: FloatArray
    up: FloatArray
    velocity: FloatArray
    speed: FloatArray
    drift: FloatArray
    growth: FloatArray
    lean: FloatArray
    turn: FloatArray
    torso_lean: FloatArray
    leg_lean: FloatArray
    leg_length: FloatArray
    thigh_length: FloatArray
    collapse: FloatArray
    agitation: FloatArray
    stride: FloatArray

    def __len__(self) -> int:
        return len(self.height)


def features(window: Window, vertical: Vertical, how: Measuring) -> Features:
    """The features of everybody in ``window``, with "up" as ``vertical`` knows it now."""
    people = [_person(track, window, vertical, how) for track in window.tracks]
    columns = {
        name: np.array([person[name] for person in people], np.float64)
        for name in Features.__dataclass_fields__
    }
    for name in ("centre", "up", "velocity"):
        columns[name] = columns[name].reshape(len(people), 2)
    return Features(**columns)


def joints_of(track: Track, height: float, how: Measuring) -> FloatArray:
    """The joints (T, 14, 2) worth using: of some score, on a person of some size."""
    if height < how.least_joint_height:
        return np.full_like(track.keypoints, np.nan)
    return trusted_joints(track, how.least_joint_score)


def _person(
    track: Track, window: Window, vertical: Vertical, how: Measuring
) -> dict[str, FloatArray | float]:
    height = body_height(track, how.motion_seconds)
    joints = joints_of(track, height, how)
    shape = Shape.of(track.boxes)
    up = vertical.up(shape.centres)
    body = posture(track, joints, up, height)
    near, moving = track.near(how.posture_seconds), track.near(how.motion_seconds)
    times = track.times[moving]
    velocity = slope(times, shape.centres[moving]) / height
    diagonal = _diagonal(shape)
    growth = float(slope(times, np.log(np.maximum(diagonal, 1))[moving][:, None])[0])
    here = up[track.now]
    drift = float(velocity @ here)
    lean = _lean(body)
    return {
        "centre": _median(shape.centres[near]),
        "height": height,
        "up": here,
        "velocity": velocity,
        "speed": _speed(velocity, drift, growth, height, window, how),
        "drift": drift,
        "growth": growth,
        "lean": float(_median(lean[near])),
        "turn": _turn(track.times[moving], lean[moving], how.posture_seconds),
        "torso_lean": float(_median(body.torso_lean[near])),
        "leg_lean": float(_median(body.leg_lean[near])),
        "leg_length": float(_median(body.leg_length[near])),
        "thigh_length": float(_median(body.thigh_length[near])),
        "collapse": float(np.median(diagonal[near])) / float(diagonal.max()),
        "agitation": _agitation(times, shape, moving, height, how),
        "stride": _stride(body, moving, height),
    }


def _median(values: FloatArray) -> FloatArray:
    """Median over the rows, of the known values; NaN where none is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing known: NaN is the answer
        median: FloatArray = np.nanmedian(values, axis=0)
    return median


def _diagonal(shape: Shape) -> FloatArray:
    diagonal: FloatArray = np.maximum(np.hypot(shape.sizes[:, 0], shape.sizes[:, 1]), 1e-6)
    return diagonal


def _lean(body: Posture) -> FloatArray:
    """Lean of the whole body (T,): someone who bows or sits leans with the torso or legs only."""
    both: FloatArray = np.fmin(body.torso_lean, body.leg_lean)
    known = np.isfinite(body.torso_lean)
    result: FloatArray = np.where(known, both, body.box_lean)
    return result


def _turn(times: FloatArray, lean: FloatArray, margin: float) -> float:
    """How much further the body leans in the last ``margin`` seconds than in the first."""
    if len(times) < 2 or times[-1] - times[0] < 2 * margin:
        return 0.0
    before = _median(lean[times <= times[0] + margin])
    after = _median(lean[times >= times[-1] - margin])
    return float(np.nan_to_num(after - before))


def _speed(
    velocity: FloatArray, drift: float, growth: float, height: float, window: Window, how: Measuring
) -> float:
    """Ground speed: motion along "up" is foreshortened depth; near people grow as they approach."""
    across = math.sqrt(max(float(velocity @ velocity) - drift * drift, 0.0))
    focal = max(window.video.width, window.video.height)  # a usual lens: about 53 degrees wide
    view = focal / height
    approach = growth * view if view < how.depth_view else 0.0
    return math.hypot(across, max(abs(drift) * how.depth_stretch, abs(approach)))


def _agitation(
    times: FloatArray, shape: Shape, rows: slice, height: float, how: Measuring
) -> float:
    """Root mean square rate of change of the outline's width and height."""
    outline = rates(times, shape.sizes[rows], how.lag_seconds) / height
    return float(np.sqrt((outline**2).sum(1).mean())) if len(outline) else 0.0


def _stride(body: Posture, rows: slice, height: float) -> float:
    """Standard deviation of the vector between the feet; NaN if seen in fewer than 6 rows."""
    feet = body.feet[rows]
    feet = feet[np.isfinite(feet).all(1)]
    return float(np.sqrt(feet.var(axis=0).sum())) / height if len(feet) >= 6 else float("nan")


def upright_axes(
    window: Window, found: Features, how: Measuring, after: float
) -> tuple[FloatArray, FloatArray]:
    """Where and how walking people stand: points (K, 2) and unit axes (K, 2), feet to head.

    Of everybody who travels and holds one posture meanwhile (nobody falls upright), the rows about
    the frame that are later than ``after`` seconds.
    """
    points, axes = [np.zeros((0, 2))], [np.zeros((0, 2))]
    for track, height, speed in zip(window.tracks, found.height, found.speed, strict=True):
        if not speed > how.upright_speed:
            continue
        about = track.near(how.motion_seconds)
        joints = joints_of(track, float(height), how)[about]
        hips = mean_of(joints, RIGHT_HIP, LEFT_HIP)
        axis = joints[:, CHEST] - hips
        length = np.linalg.norm(axis, axis=1)
        good = length > 0.1 * height  # False where unknown
        axis, place = axis[good] / length[good][:, None], (joints[good][:, CHEST] + hips[good]) / 2
        if good.any() and np.linalg.norm(axis.mean(0)) > how.upright_steady:
            new = track.times[about][good] > after
            points.append(place[new])
            axes.append(axis[new])
    return np.concatenate(points), np.concatenate(axes)
