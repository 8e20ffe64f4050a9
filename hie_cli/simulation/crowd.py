"""A simulated crowd: exact tracks, joints, visibility and actions, from a seed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.errors import ConfigError, nearest
from hie_cli.core.geometry import Floats
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import VideoInfo
from hie_cli.simulation.actors import Actor
from hie_cli.simulation.body import FLESH, NUM_POINTS, posed
from hie_cli.simulation.camera import Camera, draw_camera, draw_ceiling_camera
from hie_cli.simulation.groups import GROUP_SIZE, GROUPS
from hie_cli.simulation.paths import Ground, Prop
from hie_cli.simulation.style import Split, Style, draw_style
from hie_cli.simulation.visibility import seen_joints

WALKING = ("walking-alone", "walking-together")
SMALLEST_POSE = 500.0  # px²: HiEve annotates no pose in a smaller box (arXiv 2005.04490)
LEAST_INSIDE = 0.25  # share of a box that must lie in the image for the person to be annotated
LEAST_SEEN = 0.15  # share of joints seen below which a person does not count in the evaluation


@dataclass(frozen=True)
class CrowdConfig:
    """What to simulate. ``actions`` limits the groups drawn (empty: all 14, even by person).

    camera: from eye level to nine metres up (``usual``), or wide-angle and steep (``ceiling``).
    """

    seed: int = 0
    people: int = 20
    frames: int = 250
    fps: float = 25.0
    width: int = 1280
    height: int = 720
    split: Split = "train"
    actions: tuple[str, ...] = ()
    returning: float = 0.5  # share of walkers who leave the view and come back
    pillars: int = 1
    camera: Literal["usual", "ceiling"] = "usual"

    def __post_init__(self) -> None:
        for name in self.actions:
            if name not in ACTIONS:
                raise ConfigError(f"actions: {name!r} is no action{nearest(name, list(ACTIONS))}")
        if self.split not in ("train", "test"):
            raise ConfigError(f"split: {self.split!r}; expected train or test")
        least = {"seed": 0, "people": 0, "frames": 1, "width": 64, "height": 64, "fps": 1}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise ConfigError(f"{name}: {getattr(self, name)}; expected {low} or more")


def name_of(config: CrowdConfig) -> str:
    """The name of a crowd's video."""
    return f"sim-{config.split}-{config.seed}"


@dataclass(frozen=True)
class Crowd:
    """P persons over T frames.

    world (P, T, 18, 3) metres: the body points, joints first · pixels (P, T, 18, 2) and depth
    (P, T, 18): the same projected (NaN behind the camera) · boxes
    (P, T, 4) xyxy px cut at the image · present (P, T) · seen (P, T, 14): unoccluded joints inside
    the image · actions (P, T) 0-based. A person's track id is its index.
    """

    config: CrowdConfig
    style: Style
    camera: Camera
    actors: tuple[Actor, ...]
    props: tuple[Prop, ...]
    world: Floats
    pixels: Floats
    depth: Floats
    boxes: Floats
    present: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    actions: NDArray[np.int64]

    @property
    def info(self) -> VideoInfo:
        """The video that this crowd would fill."""
        c = self.config
        return VideoInfo(name_of(c), c.width, c.height, c.fps, c.frames)


def draw_groups(ground: Ground, config: CrowdConfig) -> list[Actor]:
    """Groups drawn until there are ``people`` actors.

    Towards the end groups too large for the places left are drawn anew; only where none of the
    wanted actions fits is one cut short.
    """
    names = config.actions or ACTIONS
    share = np.array([1 / GROUP_SIZE[name] for name in names])
    actors: list[Actor] = []
    refused = 0
    while (left := config.people - len(actors)) > 0:
        name = names[int(ground.rng.choice(len(names), p=share / share.sum()))]
        standing, taken = len(ground.props), len(ground.taken)
        group = GROUPS[name](ground)
        if len(group) > left and refused < 20:
            refused += 1
            del ground.props[standing:], ground.taken[taken:]
            continue
        actors += group[:left]
    return actors


def _boxes(camera: Camera, heights: Floats, pixels: Floats, depth: Floats) -> Floats:
    """Boxes (P, T, 4) round points and flesh, not yet cut at the image."""
    radius = np.zeros(NUM_POINTS)
    for a, b, ra, rb in FLESH:
        radius[a], radius[b] = max(radius[a], ra), max(radius[b], rb)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (radius * heights[:, None, None] * camera.focal / depth)[..., None]
        low, high = (pixels - r).min(2), (pixels + r).max(2)
    return np.concatenate([low, high], -1)


def _pillars(ground: Ground, count: int) -> Floats:
    """Pillars put up in the foreground, as the image sees them (K, 7).

    Left, right and height of the top, the same of the foot, depth of the foot; px and metres.
    """
    rows = []
    for _ in range(count):
        y = ground.near * float(ground.rng.uniform(0.85, 1.15))
        half = ground.camera.half_width(y)
        x, wide, tall = float(ground.rng.uniform(-0.8, 0.8) * half), 0.3, 5.0
        ground.props.append(Prop("pillar", (x, y), 0.0, (0.02, wide, tall)))
        ends = np.array([[x + d, y, z] for z in (tall, 0.0) for d in (-wide / 2, wide / 2)])
        p, depth = ground.camera.project(ends)
        rows.append([p[0, 0], p[1, 0], p[0, 1], p[2, 0], p[3, 0], p[2, 1], depth[3]])
    return np.array(rows).reshape(-1, 7)


Cast = Callable[[Ground, CrowdConfig], list[Actor]]


def simulate(config: CrowdConfig, cast: Cast = draw_groups) -> Crowd:
    """The crowd of this configuration; the same one every time.

    cast: who is there; by default groups of the wanted actions.
    """
    rng = np.random.default_rng([config.seed, config.split == "test"])
    style = draw_style(rng, config.split)
    if config.camera == "ceiling":
        camera, near, far = draw_ceiling_camera(rng, config.width, config.height)
    else:
        camera, near, far = draw_camera(rng, style, config.width, config.height)
    ground = Ground(rng, camera, style, near, far, config.frames, config.fps, config.returning)
    actors = cast(ground, config)
    pillars = _pillars(ground, config.pillars)
    t = config.frames
    world = np.zeros((len(actors), t, NUM_POINTS, 3))
    for i, actor in enumerate(actors):
        world[i] = posed(actor.body, actor.motion, actor.position, actor.heading)
    pixels, depth = camera.project(world)
    heights = np.array([actor.body.height for actor in actors])
    full = _boxes(camera, heights, pixels, depth)
    limit = np.array([config.width, config.height] * 2, float)
    boxes = np.clip(np.nan_to_num(full), 0, limit)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = np.prod(full[..., 2:] - full[..., :2], -1)
        inside = np.prod(boxes[..., 2:] - boxes[..., :2], -1)
        present = (inside >= LEAST_INSIDE * whole) & (boxes[..., 3] - boxes[..., 1] >= 8)
    present &= geometry.known(full) & (depth.min(2) > 0.5)
    seen = seen_joints(pixels, depth, heights, camera.focal, boxes, present, pillars)
    joints = pixels[:, :, :NUM_JOINTS]
    with np.errstate(invalid="ignore"):
        seen &= ((joints >= 0) & (joints < limit[:2])).all(-1) & present[..., None]
    actions = np.array([a.actions for a in actors], np.int64).reshape(len(actors), t)
    props, people = tuple(ground.props), tuple(actors)
    return Crowd(
        config, style, camera, people, props, world, pixels, depth, boxes, present, seen, actions
    )


def truth(crowd: Crowd) -> TruthSequence:
    """The crowd as ground truth: every person in view, joints outside the image not annotated."""
    info, frames = crowd.info, []
    limit = np.array([info.width, info.height])
    for t in range(crowd.config.frames):
        who = np.flatnonzero(crowd.present[:, t])
        boxes = crowd.boxes[who, t]
        keypoints = crowd.pixels[who, t, :NUM_JOINTS].copy()
        inside = ((keypoints >= 0) & (keypoints < limit)).all(-1)
        inside &= (np.prod(boxes[:, 2:] - boxes[:, :2], -1) >= SMALLEST_POSE)[:, None]
        keypoints[~inside] = np.nan
        seen = crowd.seen[who, t]
        visibility = np.where(inside, np.where(seen, 1, 0), -1).astype(np.int8)
        ignore = seen.mean(-1) < LEAST_SEEN if len(who) else np.zeros(0, bool)
        frames.append(Annotations(boxes, who, ignore, keypoints, visibility, crowd.actions[who, t]))
    return TruthSequence(info.name, tuple(frames), info.width, info.height, info.fps)
