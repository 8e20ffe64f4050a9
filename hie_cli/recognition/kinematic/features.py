"""The quantities that the rules ask for: one number for each person of a window."""

import math
from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray
from hie_cli.recognition.kinematic.body import Body
from hie_cli.recognition.kinematic.motion import jitter, rates, slope, slope_error, smoothed
from hie_cli.recognition.kinematic.posture import Posture, posture
from hie_cli.recognition.kinematic.settings import Measuring
from hie_cli.recognition.kinematic.vertical import Evidence, UprightField


@dataclass(frozen=True)
class Features:
    """Quantities of N people, (N,) unless said otherwise; NaN where unknown.

    centre (N, 2) pixels and height (N,) pixels · up (N, 2) unit vector · velocity (N, 2) body
    heights per second, and speed, its length, with motion in depth of near people · drift: upward
    part of velocity · climb: what of it level ground does not explain, NaN where that is not
    known · growth of the box per second · lean: least of torso's and legs' lean, else the box's,
    degrees · turn: by how much the lean grew about the frame · torso_lean, leg_lean,
    leg_length, thigh_length as in ``Posture`` · collapse: size over the largest of the window ·
    agitation: to and fro of the outline, body heights per second · stride: swing of the feet, body
    heights.
    """

    centre: FloatArray
    height: FloatArray
    up: FloatArray
    velocity: FloatArray
    speed: FloatArray
    drift: FloatArray
    climb: FloatArray
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


@dataclass(frozen=True)
class Scene:
    """What is known of the view: the field of "up", the camera's height above the ground in body
    heights (NaN if unknown), and whether the camera stands still.
    """

    view: UprightField
    eye: float
    still: bool


def features(bodies: list[Body], ups: list[Evidence], scene: Scene, how: Measuring) -> Features:
    """The features of people, given for each of them what is known of "up"."""
    people = [_person(body, up, scene, how) for body, up in zip(bodies, ups, strict=True)]
    columns = {
        name: np.array([person[name] for person in people], np.float64)
        for name in Features.__dataclass_fields__
    }
    for name in ("centre", "up", "velocity"):
        columns[name] = columns[name].reshape(len(people), 2)
    return Features(**columns)


def _person(
    body: Body, known: Evidence, scene: Scene, how: Measuring
) -> dict[str, FloatArray | float]:
    track, shape, height = body.track, body.shape, body.height
    near, moving = track.near(how.posture_seconds), track.near(how.motion_seconds)
    up = scene.view.up(known, shape.centres)
    held = posture(body.joints, shape.sizes, up, height)
    lean = _lean(held)
    times = track.times[moving]
    growth = _growth(times, shape.sizes[moving])
    drift = float(body.velocity @ up[track.now])
    return {
        "centre": _median(shape.centres[near]),
        "height": height,
        "up": up[track.now],
        "velocity": body.velocity,
        "speed": _speed(body, drift, growth, scene, how),
        "drift": drift,
        "climb": _climb(times, shape.diagonals[moving], drift, body.doubt, scene.eye),
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
    # As numpy's nanmedian, at a fraction of its cost for a few dozen rows: NaN is sorted last.
    ordered = np.sort(values, axis=0)
    known = np.isfinite(values).sum(axis=0)
    if not len(values):
        return np.full(values.shape[1:], np.nan)
    low = np.take_along_axis(ordered, np.maximum(known - 1, 0)[None] // 2, axis=0)[0]
    high = np.take_along_axis(ordered, known[None] // 2 % len(values), axis=0)[0]
    median: FloatArray = np.where(known > 0, (low + high) / 2, np.nan)
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


def _growth(times: FloatArray, sizes: FloatArray) -> float:
    """Rate at which log width and log height (T, 2) both change, beyond their noise: who comes
    nearer grows in both, who spreads the arms or bows in one.
    """
    logs = np.log(np.maximum(sizes, 1.0))
    rate = slope(times, logs)
    if rate[0] * rate[1] <= 0:
        return 0.0
    least = min(rate, key=abs)
    doubt = slope_error(times, logs, rate)
    return float(np.copysign(math.sqrt(max(least**2 - doubt**2, 0.0)), least))


def _climb(
    times: FloatArray, diagonals: FloatArray, drift: float, doubt: float, eye: float
) -> float:
    """How far ``drift`` exceeds what a change of size explains on level ground, and the noise of
    both (``doubt``: of the drift).

    Never more than the drift itself: who grows without moving up or down the picture comes out from
    behind something, or stretches.
    """
    logs = np.log(diagonals)[:, None]
    rate = slope(times, logs)
    noise = math.hypot(doubt, eye * slope_error(times, logs, rate))
    beyond = math.copysign(1.0, drift) * (drift + eye * float(rate[0]))
    return max(min(beyond, abs(drift)) - noise, 0.0)


def _speed(body: Body, drift: float, growth: float, scene: Scene, how: Measuring) -> float:
    """Ground speed beyond the box's noise: motion along "up" is foreshortened depth; near people
    grow as they approach, or as a camera that is carried along approaches them.
    """
    across = max(body.pace**2 - drift**2, 0.0)
    distance = 2 * scene.view.unit / body.height  # in body heights; a lens 53 degrees wide
    told = scene.still and distance < how.depth_view
    approach = growth * distance if told else 0.0
    noise = how.speed_noise * 2 * body.doubt**2  # of both parts of the velocity
    known = max(1 - noise / max(body.pace**2, 1e-12), 0.0)  # share of the motion
    along = max(known * (drift * how.depth_stretch) ** 2, approach**2)
    return math.sqrt(known * across + along)


def _agitation(times: FloatArray, sizes: FloatArray, lag: float) -> float:
    """Standard deviation of the rates of change of the outline's width and height (T, 2), less what
    the boxes' jitter from row to row explains.

    A steady change is no agitation: who is covered little by little shrinks, who comes nearer
    grows.
    """
    change = rates(times, smoothed(times, sizes, lag), lag)
    if not len(change):
        return 0.0
    rows = max(lag / float(np.median(np.diff(times))), 1.0)  # that a smoothed one is the mean of
    explained = 2 * jitter(sizes) ** 2 / rows / lag**2
    return math.sqrt(max(float(change.var(axis=0).sum()) - explained, 0.0))


def _stride(feet: FloatArray) -> float:
    """Standard deviation of the vector between the feet (T, 2), less what joints jitter from row to
    row; NaN if seen in under 6 rows.
    """
    feet = feet[np.isfinite(feet).all(1)]
    if len(feet) < 6:
        return float("nan")
    return math.sqrt(max(float(feet.var(axis=0).sum()) - jitter(feet) ** 2, 0.0))
