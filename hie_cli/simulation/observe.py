"""What a detector, a pose network and a tracker would make of a crowd: the truth, degraded."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.geometry import Floats
from hie_cli.core.skeletons import FLIP, NUM_JOINTS
from hie_cli.core.types import FramePeople, People
from hie_cli.simulation.crowd import Crowd


@dataclass(frozen=True)
class Noise:
    """How bad the observations are. Lengths are shares of the person's box height."""

    box: float = 0.02  # spread of each box side
    joint: float = 0.012  # spread of a seen joint
    hidden: float = 0.06  # spread of a joint that had to be guessed
    outlier: float = 0.02  # chance of a seen joint being far off
    lost_joint: float = 0.05  # chance of a seen joint being missing; a hidden one: ten times that
    missed: float = 0.03  # chance that a person in plain view is missed in a frame
    swapped: float = 0.02  # share of frames with left and right exchanged
    breaks: float = 0.03  # identity breaks per second and person, besides long gaps
    gap: float = 1.0  # seconds unseen after which the identity is lost for good
    memory: float = 0.6  # how much of a frame's error stays in the next, 0..1


CLEAN = Noise(*(0.0,) * 8, float("inf"), 0.0)


def _lasting(rng: np.random.Generator, shape: tuple[int, ...], memory: float) -> Floats:
    """Unit normal noise (T, ...) of which ``memory`` stays from frame to frame."""
    fresh = rng.normal(size=shape)
    out = fresh.copy()
    for t in range(1, shape[0]):
        out[t] = memory * out[t - 1] + np.sqrt(1 - memory**2) * fresh[t]
    return out


def draw_noise(rng: np.random.Generator) -> Noise:
    """Noise from a third of the usual to six times as much, three times for boxes."""
    worse = float(np.exp(rng.uniform(np.log(0.3), np.log(6.0))))
    boxes_worse = float(np.exp(rng.uniform(np.log(0.3), np.log(3.0))))
    usual = Noise()
    return dataclasses.replace(
        usual,
        box=usual.box * boxes_worse,
        joint=usual.joint * worse,
        hidden=min(0.2, usual.hidden * worse),
        lost_joint=min(0.3, usual.lost_joint * worse),
        missed=min(0.2, usual.missed * boxes_worse),
        memory=float(rng.uniform(0.0, 0.9)),
    )


def observe(crowd: Crowd, noise: Noise = Noise(), seed: int = 0) -> list[FramePeople]:
    """Every frame's people as a tracker would hand them on, with ids and 14 joints; T frames.

    An observed id belongs to one person only; a person may have several over time.
    """
    rng = np.random.default_rng([crowd.config.seed, seed, 2])
    persons, frames = crowd.present.shape
    found = np.zeros((persons, frames), bool)
    ids = np.zeros((persons, frames), np.int64)
    boxes = np.zeros((persons, frames, 4))
    joints = np.zeros((persons, frames, NUM_JOINTS, 2))
    scores = np.zeros((persons, frames, NUM_JOINTS))
    for i in range(persons):
        found[i] = _found(rng, crowd, i, noise)
        boxes[i] = _box(rng, crowd, i, noise)
        joints[i], scores[i] = _joints(rng, crowd, i, noise)
    taken = 0
    for i in range(persons):
        ids[i], taken = _identities(rng, found[i], crowd.config.fps, noise, taken)
    out = []
    for t in range(frames):
        who = np.flatnonzero(found[:, t])
        confidence = np.clip(0.35 + 0.6 * crowd.seen[who, t].mean(-1), 0, 1)
        people = People(boxes[who, t], confidence, ids[who, t], joints[who, t], scores[who, t])
        out.append(FramePeople(t, people))
    return out


def _found(rng: np.random.Generator, crowd: Crowd, i: int, noise: Noise) -> NDArray[np.bool_]:
    """Frames (T,) in which person i is detected: hardly ever where little of them is seen."""
    if noise.missed == 0:
        return np.asarray(crowd.present[i] & crowd.seen[i].any(-1))
    share = crowd.seen[i].mean(-1)
    chance = (1 - noise.missed) * np.clip((share - 0.1) / 0.3, 0, 1)
    # One slowly changing draw per person, so that misses come in runs as they do in practice.
    draw = _lasting(rng, (len(share),), 0.8)
    order = 0.5 * (1 + np.tanh(0.8 * draw))  # about uniform in 0..1
    return np.asarray(crowd.present[i] & (order < chance))


def _box(rng: np.random.Generator, crowd: Crowd, i: int, noise: Noise) -> Floats:
    boxes = crowd.boxes[i]
    tall = (boxes[:, 3] - boxes[:, 1])[:, None]
    shaken = boxes + noise.box * tall * _lasting(rng, boxes.shape, noise.memory)
    low, high = np.minimum(shaken[:, :2], shaken[:, 2:]), np.maximum(shaken[:, :2], shaken[:, 2:])
    limit = np.array([crowd.config.width, crowd.config.height] * 2, float)
    inside: Floats = np.clip(np.concatenate([low, np.maximum(high, low + 1)], -1), 0, limit)
    return inside


def _joints(rng: np.random.Generator, crowd: Crowd, i: int, noise: Noise) -> tuple[Floats, Floats]:
    """Joints (T, 14, 2), NaN where missing, and scores (T, 14) that fall with the error."""
    seen = crowd.seen[i]
    exact = crowd.pixels[i, :, :NUM_JOINTS]
    box = crowd.boxes[i]
    side = np.maximum(box[:, 3] - box[:, 1], box[:, 2] - box[:, 0])[:, None, None]
    spread = np.where(seen, noise.joint, noise.hidden)
    wild = rng.random(seen.shape) < noise.outlier
    spread = np.where(wild, 0.15, spread)
    error = spread[..., None] * _lasting(rng, exact.shape, noise.memory)
    if noise.swapped > 0:
        swap = _lasting(rng, (len(seen),), 0.85) > _upper(noise.swapped)
        exact = np.where(swap[:, None, None], exact[:, FLIP], exact)
    joints = exact + side * error
    lost = rng.random(seen.shape) < np.where(seen, noise.lost_joint, 10 * noise.lost_joint)
    outside = (exact < 0) | (exact > [crowd.config.width, crowd.config.height])
    missing = lost | outside.any(-1) | ~geometry.known(joints)
    doubt = np.where(seen & ~wild, 0.1, 0.5) if noise.joint > 0 else np.zeros(seen.shape)
    scores = np.clip(1 - doubt - 3 * np.hypot(*np.moveaxis(error, -1, 0)), 0.05, 1)
    joints[missing] = np.nan
    return joints, np.where(missing, 0, scores)


def _upper(share: float) -> float:
    """The value a unit normal exceeds with this probability."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(1 - share)


def _identities(
    rng: np.random.Generator, found: NDArray[np.bool_], fps: float, noise: Noise, taken: int
) -> tuple[NDArray[np.int64], int]:
    """Ids (T,) of one person, new after a long gap or a break, from ``taken`` on; the next free."""
    ids = np.full(len(found), -1, np.int64)
    current, last = taken, -1
    for t in np.flatnonzero(found):
        lost = last >= 0 and (t - last) / fps > noise.gap
        if lost or (last >= 0 and rng.random() < noise.breaks / fps):
            current += 1
        ids[t] = current
        last = int(t)
    return ids, current + 1
