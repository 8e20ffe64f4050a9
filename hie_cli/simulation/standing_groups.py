"""Groups that stay where they are: standing, queuing, gathering, fighting, falling, crouching."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import Floats
from hie_cli.simulation import body as b
from hie_cli.simulation import gestures as g
from hie_cli.simulation.actors import (
    Actor,
    action_row,
    headings_to,
    on_ground,
    walk_speed,
)
from hie_cli.simulation.paths import Ground, along, even
from hie_cli.simulation.style import between


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
        out.append(Actor(body, on_ground(position), heading, motion, action_row("queuing", n)))
    return out


def standing_alone(ground: Ground) -> list[Actor]:
    """One person standing with nobody near."""
    rng, n = ground.rng, ground.length
    spot = ground.spot(1.6)
    motion = g.stand(rng, ground.style, n, ground.dt)
    heading = float(rng.uniform(0, 6.28)) + g.wander(rng, n, ground.dt, 5, 0.3)
    position = np.repeat(spot[None], n, 0)
    label = action_row("standing-alone", n)
    return [Actor(b.draw_body(rng), on_ground(position), heading, motion, label)]


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
        position, label = np.repeat(place[None], n, 0), action_row("gathering", n)
        if rng.random() < 0.2:
            out.append(_arriving(ground, body, place, turn, motion, label))
        else:
            out.append(Actor(body, on_ground(position), turn, motion, label))
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
    speed = walk_speed(ground)
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
    actions = np.where(t < come, action_row("walking-alone", len(t)), label)
    return Actor(body, on_ground(way.position), heading, moves, actions)


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
    speed = walk_speed(ground) * rng.uniform(1.0, 1.7)
    ring = apart + np.maximum(0, (begin - t) * speed)
    places = []
    for k in range(count):
        angle = np.where(t < begin, np.interp(begin, t, turning), turning) + 2 * np.pi * k / count
        places.append(centre + drift + ring[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1))
    closed = g.ease(t, begin - 0.6, begin)
    actions = np.where(t < begin - 0.3, action_row("walking-alone", n), action_row("fighting", n))
    out = []
    for k in range(count):
        body = b.draw_body(rng)
        walk = g.gait(rng, ground.style, body, -ring)
        motion = g.blend(walk, g.fight(rng, ground.style, n, ground.dt), closed)
        heading = headings_to(places[k], places[(k + 1) % count])
        heading = heading + closed * g.wander(rng, n, ground.dt, 0.5, 0.25)
        out.append(Actor(body, on_ground(places[k]), heading, motion, actions))
    return out


def fall_over(ground: Ground) -> list[Actor]:
    """Walks or stands, falls, lies; some get up again."""
    rng, n, t = ground.rng, ground.length, ground.times
    body = b.draw_body(rng)
    spot = ground.spot(1.3)
    start = rng.uniform(0.08, 0.45) * t[-1]
    yaw = float(rng.uniform(0, 6.28))
    speed = walk_speed(ground) if rng.random() < 0.7 else 0.0
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
        t < start,
        action_row("walking-alone" if speed else "standing-alone", n),
        action_row("fall-over", n),
    )
    if rng.random() < 0.35:
        rise = start + rng.uniform(5, 9)
        motion = g.blend(
            motion, g.stand(rng, ground.style, n, ground.dt), g.ease(t, rise, rise + 2)
        )
        actions = np.where(t > rise + 1.6, action_row("standing-alone", n), actions)
    position = spot + distance[:, None] * ahead
    return [Actor(body, on_ground(position), np.full(n, yaw), motion, actions)]


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
    actions = np.where(
        share > 0.4, action_row("crouching-bowing", n), action_row("standing-alone", n)
    )
    motion = g.blend(standing, low, share)
    body = b.draw_body(rng)
    position = np.repeat(spot[None], n, 0)
    return [Actor(body, on_ground(position), np.full(n, yaw), motion, actions)]
