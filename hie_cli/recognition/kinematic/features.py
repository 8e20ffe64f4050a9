"""The quantities that the rules ask for: one number for each person of a window."""

import math
import warnings
from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray
from hie_cli.recognition.kinematic.body import Body
from hie_cli.recognition.kinematic.motion import jitter, rates, slope, smoothed
from hie_cli.recognition.kinematic.posture import Posture, posture
from hie_cli.recognition.kinematic.settings import Measuring
from hie_cli.recognition.kinematic.vertical import Evidence, UprightField


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


def features(
    bodies: list[Body], ups: list[Evidence], view: UprightField, how: Measuring
) -> Features:
    """The features of people, given for each of them what is known of "up"."""
    people = [_person(body, up, view, how) for body, up in zip(bodies, ups, strict=True)]
    columns = {
        name: np.array([person[name] for person in people], np.float64)
        for name in Features.__dataclass_fields__
    }
    for name in ("centre", "up", "velocity"):
        columns[name] = columns[name].reshape(len(people), 2)
    return Features(**columns)


def _person(
    body: Body, known: Evidence, view: UprightField, how: Measuring
) -> dict[str, FloatArray | float]:
    track, shape, height = body.track, body.shape, body.height
    near, moving = track.near(how.posture_seconds), track.near(how.motion_seconds)
    up = view.up(known, shape.centres)
    held = posture(body.joints, shape.sizes, up, height)
    lean = _lean(held)
    times = track.times[moving]
    growth = float(slope(times, np.log(shape.diagonals[moving])[:, None])[0])
    drift = float(body.velocity @ up[track.now])
    return {
        "centre": _median(shape.centres[near]),
        "height": height,
        "up": up[track.now],
        "velocity": body.velocity,
        "speed": _speed(body, drift, growth, view, how),
        "drift": drift,
        "growth": growth,
        "lean": float(_median(lean[near])),
        "turn": _turn(times, lean[moving], how.posture_seconds),
        "torso_lean": float(_median(held.torso_lean[near])),
        "leg_lean": float(_median(held.leg_lean[near])),
        "leg_length": float(_median(held.leg_length[near])),
        "thigh_length": float(_median(held.thigh_length[near])),
        "collapse": float(np.median(shape.diagonals[near])) / float(shape.diagonals.max()),
        "agitation": _agitation(times, shape.sizes[moving] / height, how.lag_seconds),
        "stride": _stride(held.feet[moving] / height),
    }


def _median(values: FloatArray) -> FloatArray:
    """Median over the rows, of the known values; NaN where none is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing known: NaN is the answer
        median: FloatArray = np.nanmedian(values, axis=0)
    return median


def _lean(held: Posture) -> FloatArray:
    """Lean of the whole body (T,): someone who bows or sits leans with the torso or legs only."""
    both: FloatArray = np.fmin(held.torso_lean, held.leg_lean)
    known = np.isfinite(held.torso_lean)
    result: FloatArray = np.where(known, both, held.box_lean)
    return result


def _turn(times: FloatArray, lean: FloatArray, margin: float) -> float:
    """How much further the body leans in the last ``margin`` seconds than in the first."""
    if len(times) < 2 or times[-1] - times[0] < 2 * margin:
        return 0.0
    before = _median(lean[times <= times[0] + margin])
    after = _median(lean[times >= times[-1] - margin])
    return float(np.nan_to_num(after - before))


def _speed(body: Body, drift: float, growth: float, view: UprightField, how: Measuring) -> float:
    """Ground speed: motion along "up" is foreshortened depth; near people grow as they approach."""
    across = math.sqrt(max(body.pace**2 - drift**2, 0.0))
    distance = 2 * view.unit / body.height  # in body heights, for a lens about 53 degrees wide
    approach = growth * distance if distance < how.depth_view else 0.0
    return math.hypot(across, max(abs(drift) * how.depth_stretch, abs(approach)))


def _agitation(times: FloatArray, sizes: FloatArray, lag: float) -> float:
    """Root mean square rate of change of the outline's width and height (T, 2), less what the
    boxes' jitter from row to row explains.
    """
    change = rates(times, smoothed(times, sizes, lag), lag)
    if not len(change):
        return 0.0
    rows = max(lag / float(np.median(np.diff(times))), 1.0)  # that a smoothed one is the mean of
    explained = 2 * jitter(sizes) ** 2 / rows / lag**2
    return math.sqrt(max(float((change**2).sum(1).mean()) - explained, 0.0))


def _stride(feet: FloatArray) -> float:
    """Standard deviation of the vector between the feet (T, 2); NaN if seen in under 6 rows."""
    feet = feet[np.isfinite(feet).all(1)]
    return float(np.sqrt(feet.var(axis=0).sum())) if len(feet) >= 6 else float("nan")
