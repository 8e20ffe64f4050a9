"""The kinematic rules on posture, motion and neighbours; no training.

The rules are asked one after the other, each of them softly: a rule takes its share of the
probability that earlier rules have left, so that a person's 14 scores add up to 1. HiEve gives each
person one action, and a share of 1 is comparable between people, which frame mAP ranks by. A rule
gives 0..1 for each of the frame's N people: (N,).
"""

import numpy as np

from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.types import FloatArray
from hie_cli.recognition.kinematic.features import Features
from hie_cli.recognition.kinematic.groups import Pairs, clusters, straightness
from hie_cli.recognition.kinematic.settings import Gate, Rules


def gate(value: FloatArray, at: Gate, unknown: float = 0.0) -> FloatArray:
    """How true it is that ``value`` passes the gate, 0..1; ``unknown`` where it is NaN."""
    x = np.clip((np.asarray(value, np.float64) - at.at) / at.width, -40, 40)
    return np.where(np.isnan(value), unknown, 1 / (1 + np.exp(-x)))


def either(*chances: FloatArray) -> FloatArray:
    """The chance that at least one of several independent things is true."""
    neither: FloatArray = np.prod([1 - chance for chance in chances], axis=0)
    return 1 - neither


def scores(found: Features, two: Pairs, rules: Rules) -> FloatArray:
    """Scores (N, 14) of people with these features."""
    share = dict.fromkeys(ACTIONS, np.zeros(len(found)))
    left = np.ones(len(found))
    for action, chance in (
        ("fighting", fighting(found, two, rules)),
        ("fall-over", fallen(found, rules)),
        ("crouching-bowing", crouching(found, rules)),
        ("riding", riding(found, rules)),
    ):
        share[action] = left * chance
        left = left * (1 - chance)

    sitting = left * seated(found, rules)
    talking = talk(found, two, rules)
    share["sitting-talking"], share["sitting-alone"] = sitting * talking, sitting * (1 - talking)
    left = left - sitting

    moving = left * gate(found.speed, rules.moving_speed)
    climbing = stairs(found, rules)
    share["walking-up-down-stairs"] = moving * climbing
    moving, still = moving * (1 - climbing), left - moving
    running = gate(found.speed, rules.running_speed)
    together = accompanied(found, two, rules)
    share["running-together"] = moving * running * together
    share["running-alone"] = moving * running * (1 - together)
    share["walking-together"] = moving * (1 - running) * together
    share["walking-alone"] = moving * (1 - running) * (1 - together)

    queue = queuing(found, two, rules)
    group = gathered(found, two, rules)
    share["queuing"] = still * queue
    share["gathering"] = still * (1 - queue) * group
    share["standing-alone"] = still * (1 - queue) * (1 - group)
    return np.stack([share[action] for action in ACTIONS], axis=1).reshape(-1, NUM_ACTIONS)


def fallen(found: Features, rules: Rules) -> FloatArray:
    """Lying (the whole body leans, without walking away) or just falling."""
    lying = gate(found.lean, rules.lying_lean) * gate(found.speed, rules.lying_speed)
    return either(lying, gate(found.turn, rules.falling_turn))


def fighting(found: Features, two: Pairs, rules: Rules) -> FloatArray:
    """In reach of somebody, both agitated, travelling neither alone nor as a pair."""
    near = gate(two.distance, rules.fight_distance) * gate(two.scale, rules.same_depth)
    agitation = np.sqrt(found.agitation[:, None] * found.agitation[None])
    staying = gate(found.speed, rules.fight_speed)
    here = staying[:, None] * staying[None] * gate(two.travel, rules.fight_travel)
    return _best(near * here * gate(agitation, rules.fight_agitation))


def crouching(found: Features, rules: Rules) -> FloatArray:
    """A squat, folded legs under a bent torso, a bow over straight legs, or a box that shrank."""
    folded = _folded(found, rules)
    squat = folded * either(
        gate(found.leg_length, rules.squat_leg), gate(found.torso_lean, rules.crouch_lean)
    )
    bow = gate(found.torso_lean, rules.bow_lean) * gate(found.leg_lean, rules.bow_legs)
    unseen = np.isnan(found.torso_lean)
    return np.where(unseen, gate(found.collapse, rules.collapse), either(squat, bow)) * gate(
        found.speed, rules.crouch_speed
    )


def _folded(found: Features, rules: Rules) -> FloatArray:
    """Ankles and knees high below the hips; the known one of the two, or both."""
    leg = gate(found.leg_length, rules.folded_leg, np.nan)
    thigh = gate(found.thigh_length, rules.folded_thigh, np.nan)
    both = np.where(np.isnan(leg), thigh, np.where(np.isnan(thigh), leg, np.sqrt(leg * thigh)))
    return np.nan_to_num(both)


def seated(found: Features, rules: Rules) -> FloatArray:
    """Legs folded, standing in no way, and not moving on."""
    return _folded(found, rules) * (1 - gate(found.speed, rules.moving_speed))


def riding(found: Features, rules: Rules) -> FloatArray:
    """Fast without stepping: the feet swing little for the speed."""
    glide = gate(
        found.stride / np.maximum(found.speed, 1e-6), rules.riding_stride, rules.riding_unseen
    )
    return gate(found.speed, rules.riding_speed) * glide


def stairs(found: Features, rules: Rules) -> FloatArray:
    """Moving up or down the picture more than level ground explains, where that is known."""
    drift = np.abs(found.drift)
    steep = drift / np.maximum(np.linalg.norm(found.velocity, axis=1), 1e-6)
    return (
        rules.stairs_prior
        * gate(found.climb, rules.stairs_climb)
        * gate(drift, rules.stairs_fastest)
        * gate(steep, rules.stairs_steep)
    )


def accompanied(found: Features, two: Pairs, rules: Rules) -> FloatArray:
    """Somebody moves beside, in the same direction, equally fast."""
    moving = gate(found.speed, rules.moving_speed)
    return _best(
        gate(two.distance, rules.together_distance)
        * gate(two.scale, rules.same_depth)
        * gate(two.angle, rules.together_angle)
        * gate(two.difference, rules.together_difference)
        * moving[:, None]
        * moving[None]
    )


def talk(found: Features, two: Pairs, rules: Rules) -> FloatArray:
    """Somebody else sits beside."""
    near = gate(two.distance, rules.talking_distance) * gate(two.scale, rules.same_depth)
    return _best(near * seated(found, rules)[None])


def gathered(found: Features, two: Pairs, rules: Rules) -> FloatArray:
    """Somebody else stands by."""
    near = gate(two.distance, rules.gathering_distance) * gate(two.scale, rules.same_depth)
    still = 1 - gate(found.speed, rules.moving_speed)
    return _best(near * still[None])


def queuing(found: Features, two: Pairs, rules: Rules) -> FloatArray:
    """One of several still people in a chain that is straight; every member gets the same."""
    still = found.speed < rules.moving_speed.at
    linked = (two.distance < rules.queue_link) & still[:, None] & still[None]
    label = clusters(linked)
    result = np.zeros(len(found))
    for cluster in np.unique(label):
        members = label == cluster
        count = np.array(float(members.sum()))
        line = np.array(straightness(found.centre[members]))
        result[members] = gate(count, rules.queue_members) * gate(line, rules.queue_line)
    return result


def _best(chance: FloatArray) -> FloatArray:
    """The largest chance of each person's pairs (N, N) -> (N,); 0 for someone alone."""
    best: FloatArray = chance.max(axis=1, initial=0.0)
    return best
