"""Simulated crowds that do nothing special, but for a few seconds: footage with known highlights.

Ninety seconds at 12.5 frames a second of people who walk, stand, sit, queue and talk, and in them
two events of four to six seconds: a fight, a fall, runners, or a rush of people.
"""

from dataclasses import dataclass, replace

import numpy as np

from hie_cli.core.action_classes import action_index
from hie_cli.simulation import body as b
from hie_cli.simulation import gestures as g
from hie_cli.simulation.actors import Actor
from hie_cli.simulation.crowd import Crowd, CrowdConfig, draw_groups, simulate
from hie_cli.simulation.paths import Ground, along, even
from hie_cli.simulation.style import Split, between

CALM = (
    "walking-alone", "walking-together", "standing-alone", "sitting-alone", "sitting-talking",
    "gathering", "queuing",
)  # fmt: skip
KINDS = ("fight", "fall", "runners", "rush")
FRAMES, FPS = 1125, 12.5


@dataclass(frozen=True)
class Event:
    """What happens in frames first <= t < last."""

    kind: str
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class PlantedVideo:
    """A crowd and the events in it."""

    crowd: Crowd
    events: tuple[Event, ...]

    @property
    def truth(self) -> np.ndarray:
        """(T,) bool: whether something happens."""
        inside = np.zeros(FRAMES, bool)
        for event in self.events:
            inside[event.first : event.last] = True
        return inside


def planted(seed: int, split: Split) -> PlantedVideo:
    """The video of this seed; the same one every time."""
    rng = np.random.default_rng([seed, split == "test", 7])
    halves = rng.permutation([(0.08, 0.45), (0.52, 0.88)])
    events = []
    for (low, high), kind in zip(halves, rng.permutation(KINDS)[:2], strict=True):
        first = round(float(rng.uniform(low, high)) * FRAMES)
        events.append(Event(str(kind), first, first + round(float(rng.uniform(4, 6)) * FPS)))
    people = int(rng.integers(6, 13))
    config = CrowdConfig(
        seed=seed, people=people, frames=FRAMES, fps=FPS, width=640, height=360, split=split,
        actions=CALM, returning=0.5, pillars=0,
    )  # fmt: skip

    def cast(ground: Ground, config: CrowdConfig) -> list[Actor]:
        actors = draw_groups(ground, config)
        for event in events:
            actors += _ACTORS[event.kind](ground, event)
        return actors

    return PlantedVideo(simulate(config, cast), tuple(events))


def thinned(crowd: Crowd, stride: int) -> Crowd:
    """Every ``stride``-th frame of a crowd, to be rendered."""
    actors = tuple(
        replace(
            a, position=a.position[::stride], heading=a.heading[::stride],
            motion=a.motion[::stride], actions=a.actions[::stride],
        )
        for a in crowd.actors
    )  # fmt: skip
    names = ("world", "pixels", "depth", "boxes", "present", "seen", "actions")
    fewer = {name: getattr(crowd, name)[:, ::stride] for name in names}
    config = replace(crowd.config, frames=fewer["present"].shape[1])
    return replace(crowd, config=config, actors=actors, **fewer)


def _share(ground: Ground, event: Event) -> np.ndarray:
    """(T,): 1 while the event lasts, 0 outside, smooth between."""
    t = ground.times
    first, last = event.first * ground.dt, event.last * ground.dt
    return g.ease(t, first, first + 0.5) * (1 - g.ease(t, last - 0.5, last))


def _labels(ground: Ground, event: Event, name: str, otherwise: str) -> np.ndarray:
    t = np.arange(ground.length)
    inside = (t >= event.first) & (t < event.last)
    return np.where(inside, action_index(name), action_index(otherwise))


def _fight(ground: Ground, event: Event) -> list[Actor]:
    """Two or three who stand together and come to blows."""
    rng, n = ground.rng, ground.length
    count = 3 if rng.random() < 0.25 else 2
    centre, share = ground.spot(1.8), _share(ground, event)
    turning = (
        rng.uniform(0, 6.28) + np.cumsum(share * g.wander(rng, n, ground.dt, 1.0, 0.7)) * ground.dt
    )
    apart = 0.9 - share * (0.9 - between(ground.style.spacing, 0.3, 0.5))
    out = []
    for k in range(count):
        angle = turning + 2 * np.pi * k / count
        place = centre + apart[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
        still = g.stand(rng, ground.style, n, ground.dt)
        motion = g.blend(still, g.fight(rng, ground.style, n, ground.dt), share)
        position = np.column_stack([place, np.zeros(n)])
        labels = _labels(ground, event, "fighting", "gathering")
        out.append(Actor(b.draw_body(rng), position, angle + np.pi, motion, labels))
    return out


def _fall(ground: Ground, event: Event) -> list[Actor]:
    """Somebody who stands, falls, lies and gets up."""
    rng, n = ground.rng, ground.length
    t, start, end = ground.times, event.first * ground.dt, event.last * ground.dt
    spot, still = ground.spot(1.3), g.stand(rng, ground.style, n, ground.dt)
    motion = g.blend(g.fall(rng, still, t, start), still, g.ease(t, end - 1.5, end))
    position = np.column_stack([np.repeat(spot[None], n, 0), np.zeros(n)])
    heading = np.full(n, rng.uniform(0, 6.28))
    labels = _labels(ground, event, "fall-over", "standing-alone")
    return [Actor(b.draw_body(rng), position, heading, motion, labels)]


def _passers(ground: Ground, event: Event, count: int, run: bool) -> list[Actor]:
    """People who are in the middle of their ways through the view as the event is at its middle."""
    rng, t = ground.rng, ground.times
    middle = (event.first + event.last) / 2 * ground.dt
    low, high = (2.4, 4.2) if run else (0.9, 1.6)
    name = "running-together" if run else "walking-alone"
    side, out = (1.0 if rng.random() < 0.5 else -1.0), []
    for _ in range(count):
        y = rng.uniform(ground.near, ground.far)
        half = ground.camera.half_width(y) + 1.0
        ends = np.array([[-side * half, y], [side * half, y + rng.normal(0, 0.5)]])
        lane = even(np.linspace(*ends, 100))
        speed = between(ground.style.tempo, low, high) * rng.uniform(0.9, 1.1)
        body = b.draw_body(rng)
        distance = len(lane) * 0.05 + speed * (t - middle + rng.uniform(-1, 1))
        way = along(lane, distance)
        motion = g.gait(rng, ground.style, body, way.distance, run=run)
        position = np.column_stack([way.position, np.zeros(len(t))])
        labels = np.full(len(t), action_index(name))
        out.append(Actor(body, position, way.heading, motion, labels))
    return out


_ACTORS = {
    "fight": _fight,
    "fall": _fall,
    "runners": lambda ground, event: _passers(ground, event, int(ground.rng.integers(3, 6)), True),
    "rush": lambda ground, event: _passers(ground, event, int(ground.rng.integers(7, 11)), False),
}
