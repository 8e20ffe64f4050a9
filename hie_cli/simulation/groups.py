"""The 14 actions as groups of actors: who stands, goes and moves how, frame by frame."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.action_classes import ACTIONS, action_index
from hie_cli.core.geometry import Floats
from hie_cli.simulation import body as b
from hie_cli.simulation import gestures as g
from hie_cli.simulation.paths import Ground, Prop, along, even, stroll
from hie_cli.simulation.style import between


@dataclass(frozen=True)
class Actor:
    """One person over all T frames: position (T, 3) metres, heading (T,) radians, motion (T, P),
    actions (T,) 0-based; ``vehicle`` is drawn under a rider.
    """

    body: b.Body
    position: Floats
    heading: Floats
    motion: Floats
    actions: NDArray[np.int64]
    vehicle: bool = False


def _label(name: str, length: int) -> NDArray[np.int64]:
    index = action_index(name)
    assert index is not None
    return np.full(length, index, np.int64)


def _flat(position: Floats, height: Floats | float = 0.0) -> Floats:
    """Ground positions (T, 2) as (T, 3)."""
    z = np.broadcast_to(height, len(position))
    return np.column_stack([position, z])


def _towards(here: Floats, there: Floats) -> Floats:
    """Headings (T,) from positions (T, 2) to positions (T, 2)."""
    d = there - here
    return np.unwrap(np.arctan2(d[:, 1], d[:, 0]))


def _walk_speed(ground: Ground) -> float:
    return between(ground.style.tempo, 0.85, 1.6) * float(ground.rng.uniform(0.88, 1.12))


def _run_speed(ground: Ground) -> float:
    return between(ground.style.tempo, 2.4, 4.2) * float(ground.rng.uniform(0.9, 1.1))


def _goers(ground: Ground, count: int, *, run: bool, name: str) -> list[Actor]:
    """``count`` persons going side by side (and a little behind) on one lane."""
    rng, style = ground.rng, ground.style
    speed = _run_speed(ground) if run else _walk_speed(ground)
    way = stroll(ground, speed, back=run or rng.random() < ground.returning)
    gap = between(style.spacing, 0.5, 0.8) * (1.5 if run else 1.0)
    out = []
    for k in range(count):
        body = b.draw_body(rng)
        aside = (k - (count - 1) / 2) * gap + g.wander(rng, ground.length, ground.dt, 4, 0.05)
        behind = rng.uniform(-0.25, 0.25) * gap + g.wander(rng, ground.length, ground.dt, 4, 0.08)
        c, s = np.cos(way.heading), np.sin(way.heading)
        shift = np.stack([-s * aside + c * behind, c * aside + s * behind], -1)
        motion = g.gait(rng, style, body, way.distance + behind, run=run)
        if count > 1 and not run:
            motion[:, b.TURN] += 0.5 * np.clip(g.wander(rng, ground.length, ground.dt, 1, 1), -1, 1)
        out.append(
            Actor(body, _flat(way.position + shift), way.heading, motion, _label(name, len(motion)))
        )
    return out


def walking_alone(ground: Ground) -> list[Actor]:
    """One person crossing the view."""
    return _goers(ground, 1, run=False, name="walking-alone")


def walking_together(ground: Ground) -> list[Actor]:
    """Two to four side by side."""
    return _goers(ground, int(ground.rng.integers(2, 5)), run=False, name="walking-together")


def running_alone(ground: Ground) -> list[Actor]:
    """One runner."""
    return _goers(ground, 1, run=True, name="running-alone")


def running_together(ground: Ground) -> list[Actor]:
    """Two to four runners."""
    return _goers(ground, int(ground.rng.integers(2, 5)), run=True, name="running-together")


def riding(ground: Ground) -> list[Actor]:
    """A cyclist or scooter rider, coming back along the road."""
    rng = ground.rng
    speed = between(ground.style.tempo, 2.6, 5.5) * float(rng.uniform(0.9, 1.1))
    way, body = stroll(ground, speed, back=True), b.draw_body(rng)
    motion = g.ride(rng, body, way.distance)
    label = _label("riding", ground.length)
    middle = int(len(way.position) // 2)
    x, y = (float(v) for v in way.position[middle])
    ground.props.append(Prop("road", (x, y), float(way.heading[middle]), (60.0, 3.0, 0.0)))
    return [Actor(body, _flat(way.position), way.heading, motion, label, vehicle=True)]


def _seated(ground: Ground, spot: Floats, yaw: float, name: str) -> Actor:
    rng, n = ground.rng, ground.length
    body = b.draw_body(rng)
    motion = g.sit(rng, ground.style, body, n, ground.dt)
    if name == "sitting-talking":
        motion = g.talk(rng, ground.style, motion, ground.dt)
    position = np.repeat(np.asarray(spot, float)[None], n, 0)
    return Actor(body, _flat(position), np.full(n, yaw), motion, _label(name, n))


def _facing_camera(ground: Ground) -> float:
    """A yaw of any direction, but seldom with the back to the camera."""
    return float(-np.pi / 2 + ground.rng.normal(0, 0.9))


def sitting_alone(ground: Ground) -> list[Actor]:
    """One person on a bench, nobody near."""
    spot, yaw = ground.spot(1.1), _facing_camera(ground)
    ground.props.append(Prop("bench", (float(spot[0]), float(spot[1])), yaw, (0.5, 1.6, 0.45)))
    return [_seated(ground, spot, yaw, "sitting-alone")]


def sitting_talking(ground: Ground) -> list[Actor]:
    """Two or three on one bench turned to each other, or two to four round a table."""
    rng = ground.rng
    spot, yaw = ground.spot(1.4), _facing_camera(ground)
    if rng.random() < 0.55:
        count = int(rng.integers(2, 4))
        across = np.array([-np.sin(yaw), np.cos(yaw)])
        ground.props.append(Prop("bench", (float(spot[0]), float(spot[1])), yaw, (0.5, 2.2, 0.45)))
        gap = between(ground.style.spacing, 0.55, 0.75)
        places = [(k - (count - 1) / 2) * gap for k in range(count)]
        yaws = [yaw - np.sign(p) * rng.uniform(0.1, 0.5) for p in places]
        return [
            _seated(ground, spot + across * p, turn, "sitting-talking")
            for p, turn in zip(places, yaws, strict=True)
        ]
    count = int(rng.integers(2, 5))
    out = []
    for angle in rng.uniform(0, 6.28) + np.arange(count) * 2 * np.pi / count:
        place = spot + between(ground.style.spacing, 0.6, 0.9) * np.array(
            [np.cos(angle), np.sin(angle)]
        )
        turn = float(angle + np.pi + rng.normal(0, 0.15))
        ground.props.append(
            Prop("bench", (float(place[0]), float(place[1])), turn, (0.4, 0.4, 0.45))
        )
        out.append(_seated(ground, place, turn, "sitting-talking"))
    return out


def queuing(ground: Ground) -> list[Actor]:
    """A line of four to eight that moves up by a place now and then."""
    rng, n, t = ground.rng, ground.length, ground.times
    count = int(rng.integers(4, 9))
    gap = between(ground.style.spacing, 0.55, 0.95)
    spot, yaw = ground.spot(0.5 * count * gap), float(rng.uniform(0, 6.28))
    ahead = np.array([np.cos(yaw), np.sin(yaw)])
    moves: list[float] = []
    now = rng.uniform(0, 6)
    while now < t[-1]:
        moves.append(now)
        now += rng.uniform(4, 10) / between(ground.style.tempo, 0.8, 1.3)
    out = []
    for k in range(count):
        body = b.draw_body(rng)
        delay = 0.25 * k + rng.uniform(0, 0.2)
        shares = [g.ease(t, m + delay, m + delay + 1.1) for m in moves]
        s = gap * np.sum(shares, 0) if shares else np.zeros(n)
        place = spot + ahead * ((count - 1) / 2 - k) * gap + rng.normal(0, 0.08, 2)
        place = place - ahead * gap * len(moves) / 2
        standing = g.stand(rng, ground.style, n, ground.dt)
        standing[:, b.TURN] *= 0.7
        moving = np.clip(np.gradient(s, ground.dt) / 0.5, 0, 1) if n > 1 else np.zeros(n)
        motion = g.blend(standing, g.gait(rng, ground.style, body, s), moving)
        heading = yaw + g.wander(rng, n, ground.dt, 4, 0.15)
        position = place + s[:, None] * ahead
        out.append(Actor(body, _flat(position), heading, motion, _label("queuing", n)))
    return out


def standing_alone(ground: Ground) -> list[Actor]:
    """One person standing with nobody near."""
    rng, n = ground.rng, ground.length
    spot = ground.spot(1.6)
    motion = g.stand(rng, ground.style, n, ground.dt)
    heading = float(rng.uniform(0, 6.28)) + g.wander(rng, n, ground.dt, 5, 0.3)
    position = np.repeat(spot[None], n, 0)
    label = _label("standing-alone", n)
    return [Actor(b.draw_body(rng), _flat(position), heading, motion, label)]


def gathering(ground: Ground) -> list[Actor]:
    """Three to eight in a ring, talking; some arrive while it stands."""
    rng, n = ground.rng, ground.length
    count = int(rng.integers(3, 9))
    radius = count * between(ground.style.spacing, 0.55, 0.8) / (2 * np.pi) + 0.2
    centre = ground.spot(radius + 0.5)
    out = []
    for angle in rng.uniform(0, 6.28) + np.arange(count) * 2 * np.pi / count:
        angle += rng.normal(0, 0.12)
        r = radius * rng.uniform(0.85, 1.2)
        place = centre + r * np.array([np.cos(angle), np.sin(angle)])
        body = b.draw_body(rng)
        motion = g.talk(rng, ground.style, g.stand(rng, ground.style, n, ground.dt), ground.dt)
        turn = float(angle + np.pi) + g.wander(rng, n, ground.dt, 4, 0.2)
        position, label = np.repeat(place[None], n, 0), _label("gathering", n)
        if rng.random() < 0.2:
            out.append(_arriving(ground, body, place, turn, motion, label))
        else:
            out.append(Actor(body, _flat(position), turn, motion, label))
    return out


def _arriving(
    ground: Ground,
    body: b.Body,
    place: Floats,
    turn: Floats,
    motion: Floats,
    label: NDArray[np.int64],
) -> Actor:
    """Walks up to ``place`` and only then faces ``turn``, moves and is labelled as given."""
    rng, t = ground.rng, ground.times
    speed = _walk_speed(ground)
    come = rng.uniform(0.1, 0.7) * t[-1]
    side = 1.0 if rng.random() < 0.5 else -1.0
    start = np.array([side * (ground.camera.half_width(place[1]) + 1), place[1] + rng.normal()])
    lane = even(np.linspace(start, place, 100))
    whole = float(np.hypot(*(place - start)))
    left = np.maximum(0, speed * (come - t))
    way = along(lane, whole - left)
    there = g.ease(t, come - 0.4, come + 0.3)
    heading = way.heading + there * (np.mod(turn - way.heading + np.pi, 2 * np.pi) - np.pi)
    moves = g.blend(g.gait(rng, ground.style, body, way.distance), motion, there)
    actions = np.where(t < come, _label("walking-alone", len(t)), label)
    return Actor(body, _flat(way.position), heading, moves, actions)


def fighting(ground: Ground) -> list[Actor]:
    """Two or three who approach each other and then fight to the end."""
    rng, n, t = ground.rng, ground.length, ground.times
    count = 3 if rng.random() < 0.25 else 2
    centre = ground.spot(1.8)
    begin = rng.uniform(-3.0, 0.35 * t[-1]) if n > 1 else 0.0
    turning = rng.uniform(0, 6.28) + np.cumsum(g.wander(rng, n, ground.dt, 1.0, 0.7)) * ground.dt
    drift = np.stack([np.cumsum(g.wander(rng, n, ground.dt, 1, 0.35)) for _ in (0, 1)], -1)
    drift *= ground.dt
    apart = between(ground.style.spacing, 0.3, 0.5) + np.abs(g.wander(rng, n, ground.dt, 0.5, 0.18))
    speed = _walk_speed(ground) * rng.uniform(1.0, 1.7)
    ring = apart + np.maximum(0, (begin - t) * speed)
    places = []
    for k in range(count):
        angle = np.where(t < begin, np.interp(begin, t, turning), turning) + 2 * np.pi * k / count
        places.append(centre + drift + ring[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1))
    closed = g.ease(t, begin - 0.6, begin)
    actions = np.where(t < begin - 0.3, _label("walking-alone", n), _label("fighting", n))
    out = []
    for k in range(count):
        body = b.draw_body(rng)
        walk = g.gait(rng, ground.style, body, -ring)
        motion = g.blend(walk, g.fight(rng, ground.style, n, ground.dt), closed)
        heading = _towards(places[k], places[(k + 1) % count])
        heading = heading + closed * g.wander(rng, n, ground.dt, 0.5, 0.25)
        out.append(Actor(body, _flat(places[k]), heading, motion, actions))
    return out


def fall_over(ground: Ground) -> list[Actor]:
    """Walks or stands, falls, lies; some get up again."""
    rng, n, t = ground.rng, ground.length, ground.times
    body = b.draw_body(rng)
    spot = ground.spot(1.3)
    start = rng.uniform(0.08, 0.45) * t[-1]
    yaw = float(rng.uniform(0, 6.28))
    speed = _walk_speed(ground) if rng.random() < 0.7 else 0.0
    halt = start + 0.5
    distance = speed * (np.minimum(t, halt) - halt)
    ahead = np.array([np.cos(yaw), np.sin(yaw)])
    before = (
        g.gait(rng, ground.style, body, distance)
        if speed
        else g.stand(rng, ground.style, n, ground.dt)
    )
    motion = g.fall(rng, before, t, start)
    actions = np.where(
        t < start, _label("walking-alone" if speed else "standing-alone", n), _label("fall-over", n)
    )
    if rng.random() < 0.35:
        rise = start + rng.uniform(5, 9)
        motion = g.blend(
            motion, g.stand(rng, ground.style, n, ground.dt), g.ease(t, rise, rise + 2)
        )
        actions = np.where(t > rise + 1.6, _label("standing-alone", n), actions)
    position = spot + distance[:, None] * ahead
    return [Actor(body, _flat(position), np.full(n, yaw), motion, actions)]


def stairs(ground: Ground) -> list[Actor]:
    """One to four persons on a flight of stairs, up or down, one after another."""
    rng, n, t = ground.rng, ground.length, ground.times
    run = float(rng.uniform(3.5, 6.0))
    rise, width = run * 17 / 30, float(rng.uniform(2.0, 3.5))
    foot, yaw = ground.spot(2.0), float(rng.uniform(0, 6.28))
    ahead = np.array([np.cos(yaw), np.sin(yaw)])
    across = np.array([-ahead[1], ahead[0]])
    size = (run, width, rise)
    ground.props.append(Prop("stairs", (float(foot[0]), float(foot[1])), yaw, size))
    out = []
    for _ in range(int(rng.integers(1, 5))):
        body = b.draw_body(rng)
        up = rng.random() < 0.5
        speed = between(ground.style.tempo, 0.4, 0.75) * rng.uniform(0.9, 1.1)
        level = _walk_speed(ground)
        reach = rng.uniform(-0.8 * run / speed, max(0.1, t[-1] - 0.5 * run / speed))
        on = t - reach  # seconds since the first step of the flight
        s = np.where(on < 0, level * on, speed * on)
        last = run / speed
        s = np.where(on > last, run + level * (on - last), s)
        place = s if up else run - s
        aside = rng.uniform(-0.35, 0.35) * width
        position = foot + place[:, None] * ahead + aside * across
        z = np.clip(place / run, 0, 1) * rise
        flight = (on >= 0) & (on <= last)
        motion = g.blend(
            g.gait(rng, ground.style, body, s),
            g.climb(rng, ground.style, body, s, up=up),
            g.ease(on, -0.2, 0.2) * (1 - g.ease(on, last - 0.2, last + 0.2)),
        )
        actions = np.where(flight, _label("walking-up-down-stairs", n), _label("walking-alone", n))
        heading = np.full(n, yaw if up else yaw + np.pi)
        out.append(Actor(body, _flat(position, z), heading, motion, actions))
    return out


def crouching(ground: Ground) -> list[Actor]:
    """One person who crouches, kneels or bows, perhaps several times."""
    rng, n, t = ground.rng, ground.length, ground.times
    spot, yaw = ground.spot(1.2), float(rng.uniform(0, 6.28))
    standing = g.stand(rng, ground.style, n, ground.dt)
    low = g.crouch(rng, ground.style, standing, ground.dt)
    share = np.zeros(n)
    now = rng.uniform(-2.0, 1.5)
    while now < t[-1]:
        down, last = rng.uniform(0.6, 1.3), rng.uniform(3.0, 9.0)
        bout = g.ease(t, now, now + down) * (1 - g.ease(t, now + last, now + last + down))
        share = np.maximum(share, bout)
        now += last + down + rng.uniform(1.0, 4.0)
    actions = np.where(share > 0.4, _label("crouching-bowing", n), _label("standing-alone", n))
    motion = g.blend(standing, low, share)
    body = b.draw_body(rng)
    position = np.repeat(spot[None], n, 0)
    return [Actor(body, _flat(position), np.full(n, yaw), motion, actions)]


GROUPS: dict[str, Callable[[Ground], list[Actor]]] = {
    "walking-alone": walking_alone,
    "walking-together": walking_together,
    "running-alone": running_alone,
    "running-together": running_together,
    "riding": riding,
    "sitting-talking": sitting_talking,
    "sitting-alone": sitting_alone,
    "queuing": queuing,
    "standing-alone": standing_alone,
    "gathering": gathering,
    "fighting": fighting,
    "fall-over": fall_over,
    "walking-up-down-stairs": stairs,
    "crouching-bowing": crouching,
}
# How many persons a group has on average: to draw classes evenly by person, not by group.
GROUP_SIZE: dict[str, float] = dict(
    zip(ACTIONS, (1, 3, 1, 3, 1, 2.8, 1, 6, 1, 5.5, 2.25, 1, 2.5, 1), strict=True)
)
