"""Where persons go on the ground: bent lanes through the view, out of it and back again."""

from dataclasses import dataclass, field

import numpy as np

from hie_cli.core.geometry import Floats
from hie_cli.simulation.camera import Camera
from hie_cli.simulation.style import Style


@dataclass(frozen=True)
class Prop:
    """A thing on the ground: ``kind`` bench, stairs, road or pillar; lengths in metres.

    ``yaw`` is the direction of a stair's rise or a bench's front; ``size`` (length along yaw,
    width, height).
    """

    kind: str
    position: tuple[float, float]
    yaw: float
    size: tuple[float, float, float]


@dataclass
class Ground:
    """The stage that groups are set on; remembers which spots are taken and which props stand."""

    rng: np.random.Generator
    camera: Camera
    style: Style
    near: float
    far: float
    length: int
    fps: float
    returning: float  # share of walkers who come back after leaving
    taken: list[tuple[float, float, float]] = field(default_factory=list)
    props: list[Prop] = field(default_factory=list)

    @property
    def dt(self) -> float:
        """Seconds from frame to frame."""
        return 1.0 / self.fps

    @property
    def times(self) -> Floats:
        """Seconds (T,) of every frame."""
        return np.arange(self.length) / self.fps

    def spot(self, radius: float) -> Floats:
        """A place (2,) in view for a group of this radius in metres, free if one is found."""
        best, room = np.zeros(2), -np.inf
        for _ in range(30):
            y = float(self.rng.uniform(self.near + 0.3 * radius, max(self.far, self.near + radius)))
            half = max(0.5, 0.9 * self.camera.half_width(y) - radius)
            place = np.array([self.rng.uniform(-half, half), y])
            gaps = [np.hypot(*(place - (x, yy))) - r - radius for x, yy, r in self.taken]
            gap = min(gaps, default=0.0)
            if gap >= 0:
                best = place
                break
            if gap > room:
                best, room = place, gap
        self.taken.append((float(best[0]), float(best[1]), radius))
        return best


def _lane(ground: Ground, start: Floats | None) -> Floats:
    """A bent path (M, 2) through the view in steps of about 10 cm, from ``start`` if given."""
    rng, camera = ground.rng, ground.camera
    ends = []
    side = 1.0 if rng.random() < 0.5 else -1.0
    for sign in (side, -side):
        if rng.random() < 0.75:  # a side of the image
            y = rng.uniform(ground.near, ground.far)
            ends.append(np.array([sign * (camera.half_width(y) + 1.0), y]))
        else:  # far away, or past the camera
            y = ground.far * 1.5 if rng.random() < 0.5 else 0.35 * ground.near
            ends.append(np.array([rng.uniform(-0.8, 0.8) * camera.half_width(max(y, 1.0)), y]))
    if start is not None:
        ends[0] = start
    middle = ends[0] * 0.5 + ends[1] * 0.5 + rng.normal(0, 0.12, 2) * (ground.far - ground.near)
    middle[1] = np.clip(middle[1], ground.near, ground.far)
    s = np.linspace(0, 1, 400)[:, None]
    bend = (1 - s) ** 2 * ends[0] + 2 * s * (1 - s) * middle + s**2 * ends[1]
    return even(bend)


def even(path: Floats, step: float = 0.1) -> Floats:
    """``path`` (M, 2) with points about ``step`` metres apart."""
    travelled = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    wanted = np.linspace(0, travelled[-1], max(2, int(travelled[-1] / step)))
    return np.stack([np.interp(wanted, travelled, path[:, i]) for i in (0, 1)], -1)


@dataclass(frozen=True)
class Walk:
    """A way through time: position (T, 2), travelled distance (T,), heading (T,) in radians."""

    position: Floats
    distance: Floats
    heading: Floats


def along(path: Floats, distance: Floats) -> Walk:
    """Being at ``distance`` (T,) metres of the way on ``path``; it goes straight on at its ends."""
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    inside = np.clip(distance, 0, lengths[-1])
    position = np.stack([np.interp(inside, lengths, path[:, i]) for i in (0, 1)], -1)
    smooth = np.gradient(path, axis=0)
    heads = np.unwrap(np.arctan2(smooth[:, 1], smooth[:, 0]))
    heading = np.interp(inside, lengths, heads)
    beyond = (distance - inside)[:, None] * np.stack([np.cos(heading), np.sin(heading)], -1)
    return Walk(position + beyond, distance, heading)


def stroll(ground: Ground, speed: float, *, back: bool) -> Walk:
    """Through the view at about ``speed`` m/s; with ``back`` returning every time after leaving.

    Without ``back`` the moment is chosen so that the middle of the way is passed while filming.
    """
    rng, t = ground.rng, ground.times
    lane = _lane(ground, None)
    duration = len(lane) * 0.1 / speed
    total = ground.length * ground.dt
    begin = rng.uniform(-0.5 * duration, total - 0.5 * duration)
    if back:
        begin = rng.uniform(-0.7 * duration, 0.0)
        end = begin + duration
        while end < total:
            lane_on = _lane(ground, lane[-1])
            pause = speed * rng.uniform(0.6, 2.5)  # out of view: walks on, turns and comes back
            out = lane[-1] - lane[-2]
            away = lane[-1] + out / max(np.hypot(*out), 1e-6) * pause / 2
            lane = even(np.concatenate([lane, away[None], lane_on]))
            end = begin + len(lane) * 0.1 / speed
    pace = speed * (1 + 0.05 * np.sin(2 * np.pi * rng.uniform(0.05, 0.2) * t + rng.uniform(0, 6)))
    distance = np.cumsum(pace) * ground.dt - begin * speed
    return along(lane, distance)
