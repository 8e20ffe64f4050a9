"""What the fitted decision is told of each person: measures, neighbours, and the rules' truths.

One row a person, one column a measure; NaN where a measure is unknown (no joints, one row only).
"""

import dataclasses
from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import BoolArray, FloatArray
from hie_cli.recognition.kinematic import rules as rule
from hie_cli.recognition.kinematic.body import Body
from hie_cli.recognition.kinematic.features import Features
from hie_cli.recognition.kinematic.groups import Pairs
from hie_cli.recognition.kinematic.posture import stick_tilt
from hie_cli.recognition.kinematic.rules import gate
from hie_cli.recognition.kinematic.settings import Rules
from hie_cli.recognition.kinematic.vertical import UprightField

# Below this many seconds in view a motion is not known.
LEAST_SECONDS = 0.25
# Person-seconds of upright people that make half sure of which way is up.
UP_SECONDS = 3.0
# Neighbours count up to this distance, in body heights.
REACH = 1.5
# Distances are told up to this.
FARTHEST = 4.0
POSED = ("torso_lean", "leg_lean", "leg_length", "thigh_length", "stride")


@dataclass(frozen=True)
class Measures:
    """Columns ``names`` (F) of ``values`` (N, F) for N people; NaN where unknown."""

    names: tuple[str, ...]
    values: FloatArray

    def __len__(self) -> int:
        return len(self.values)

    @property
    def posed(self) -> BoolArray:
        """Whose joints are trusted (N,)."""
        return np.isfinite(self.values[:, self.names.index("torso_lean")])


def measures(
    bodies: list[Body],
    found: Features,
    two: Pairs,
    view: UprightField,
    shown: FloatArray,
    rules: Rules,
) -> Measures:
    """Everything that is told of N people.

    ``shown`` (N,): person-seconds that others have shown of "up".
    """
    seconds = np.array([span(body) for body in bodies])
    known = seconds >= LEAST_SECONDS
    columns: dict[str, FloatArray] = {}
    for name in ("speed", "turn", "collapse", "agitation"):
        columns[name] = np.where(known, getattr(found, name), np.nan)
    columns["climb"] = np.where(known, found.climb, np.nan)
    columns["growth"] = np.where(known, np.abs(found.growth), np.nan)
    for name in POSED:
        columns[name] = getattr(found, name)
    columns |= _shape(bodies, found, view)
    least = columns["lean_least"]
    # Joints lean against a known "up" or none; a box's lean is believed as far as "up" was shown.
    trust = shown / (shown + UP_SECONDS)
    posed = np.isfinite(found.torso_lean)
    columns["lean"] = np.where(posed, found.lean, trust * found.lean + (1 - trust) * least)
    found = dataclasses.replace(found, lean=columns["lean"])
    columns["seconds"] = seconds
    columns |= _nearest(found, two, known)
    columns |= _truths(found, two, rules)
    names = tuple(columns)
    table = np.array([columns[name] for name in names], np.float64)
    return Measures(names, table.reshape(len(names), len(bodies)).T)


def span(body: Body) -> float:
    """Seconds of the track within a second of the window's frame."""
    times = body.track.times[body.track.near(1.0)]
    return float(times[-1] - times[0]) if len(times) else 0.0


def _shape(bodies: list[Body], found: Features, view: UprightField) -> dict[str, FloatArray]:
    """Of each box (N,): how long it is, how it leans in the image, and by how many degrees it leans
    further than any camera shows an upright person.

    Under a level camera standing people lean by 0 degrees; the steeper a camera looks down, the
    nearer the point over which it hangs comes to the middle of the image, away from which people
    then lean. Whatever lies between the two may be an upright person, seen by some camera.
    """
    sizes = [np.median(b.shape.sizes[b.track.near(0.5)], axis=0) for b in bodies]
    sides = np.maximum(np.array(sizes).reshape(-1, 2), 1.0)
    tilt = stick_tilt(sides)
    away = found.centre - view.middle
    most = np.degrees(np.arctan2(np.abs(away[:, 0]), -away[:, 1]))
    return {
        "elongation": np.abs(np.log(sides[:, 0] / sides[:, 1])),
        "lean_image": tilt,
        "lean_least": np.maximum(tilt - most, 0.0),
    }


def _nearest(found: Features, two: Pairs, known: BoolArray) -> dict[str, FloatArray]:
    """The nearest other person of like size: how far, how agitated, how the two move."""
    n = len(found)
    distance = np.where(two.scale < 1.8, two.distance, np.inf)
    if not n:
        nothing = np.zeros(0)
        names = ("distance", "others", "both_agitated", "pair_travel", "difference", "other_speed")
        return dict.fromkeys(names, nothing)
    other = distance.argmin(1)
    rows = np.arange(n)
    nearest = distance[rows, other]
    near = (nearest < FARTHEST) & known & known[other]

    def told(values: FloatArray) -> FloatArray:
        return np.where(near, values, np.nan)

    return {
        "distance": np.minimum(nearest, FARTHEST),
        "others": np.minimum((distance < REACH).sum(1).astype(np.float64), 4.0),
        "both_agitated": told(np.sqrt(found.agitation * found.agitation[other])),
        "pair_travel": told(two.travel[rows, other]),
        "difference": told(np.minimum(two.difference[rows, other], 2.0)),
        "other_speed": told(found.speed[other]),
    }


def _truths(found: Features, two: Pairs, rules: Rules) -> dict[str, FloatArray]:
    """How true each rule is by itself, 0..1."""
    return {
        "rule:fallen": rule.fallen(found, rules),
        "rule:fighting": rule.fighting(found, two, rules),
        "rule:crouching": np.nan_to_num(rule.crouching(found, rules)),
        "rule:seated": rule.seated(found, rules),
        "rule:talking": rule.talk(found, two, rules),
        "rule:riding": rule.riding(found, rules),
        "rule:moving": gate(found.speed, rules.moving_speed),
        "rule:stairs": rule.stairs(found, rules),
        "rule:running": gate(found.speed, rules.running_speed),
        "rule:together": rule.accompanied(found, two, rules),
        "rule:gathered": rule.gathered(found, two, rules),
        "rule:queuing": rule.queuing(found, two, rules),
    }
