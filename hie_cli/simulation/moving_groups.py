"""Groups that pass through the view: walking, running, riding, on stairs."""

import numpy as np

from hie_cli.simulation import body as b
from hie_cli.simulation import gestures as g
from hie_cli.simulation.actors import (
    Actor,
    action_row,
    on_ground,
    run_speed,
    walk_speed,
)
from hie_cli.simulation.paths import Ground, Prop, stroll
from hie_cli.simulation.style import between


def _goers(ground: Ground, count: int, *, run: bool, name: str) -> list[Actor]:
    """``count`` persons going side by side (and a little behind) on one lane."""
    rng, style = ground.rng, ground.style
    speed = run_speed(ground) if run else walk_speed(ground)
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
            Actor(
                body,
                on_ground(way.position + shift),
                way.heading,
                motion,
                action_row(name, len(motion)),
            )
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
    motion = g.ride(rng, way.distance)
    label = action_row("riding", ground.length)
    middle = int(len(way.position) // 2)
    x, y = (float(v) for v in way.position[middle])
    ground.props.append(Prop("road", (x, y), float(way.heading[middle]), (60.0, 3.0, 0.0)))
    return [Actor(body, on_ground(way.position), way.heading, motion, label, vehicle=True)]


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
        level = walk_speed(ground)
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
            g.climb(rng, ground.style, s, up=up),
            g.ease(on, -0.2, 0.2) * (1 - g.ease(on, last - 0.2, last + 0.2)),
        )
        actions = np.where(
            flight, action_row("walking-up-down-stairs", n), action_row("walking-alone", n)
        )
        heading = np.full(n, yaw if up else yaw + np.pi)
        out.append(Actor(body, on_ground(position, z), heading, motion, actions))
    return out
