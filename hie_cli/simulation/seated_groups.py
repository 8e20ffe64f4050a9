"""Groups that sit, alone or in talk."""

import numpy as np

from hie_cli.core.geometry import Floats
from hie_cli.simulation import body as b
from hie_cli.simulation import gestures as g
from hie_cli.simulation.actors import (
    Actor,
    action_row,
    on_ground,
)
from hie_cli.simulation.paths import Ground, Prop
from hie_cli.simulation.style import between


def _seated(ground: Ground, spot: Floats, yaw: float, name: str) -> Actor:
    rng, n = ground.rng, ground.length
    body = b.draw_body(rng)
    motion = g.sit(rng, ground.style, body, n, ground.dt)
    if name == "sitting-talking":
        motion = g.talk(rng, ground.style, motion, ground.dt)
    position = np.repeat(np.asarray(spot, float)[None], n, 0)
    return Actor(body, on_ground(position), np.full(n, yaw), motion, action_row(name, n))


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
