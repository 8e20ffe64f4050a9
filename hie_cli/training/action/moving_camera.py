"""A clip as a hand-held camera might have seen it, and as a tracker measures that camera."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray, FramePeople
from hie_cli.training.action.perturb import LabelledClip


@dataclass(frozen=True)
class CameraWay:
    """How a camera moves.

    pan (2,): picture widths per second · sway (K, 2): of so many swings, picture widths, with their
    frequencies (K,) Hz and phases (K,) radians · zoom: growth per second · walk (2,): sideways and
    forward, body heights per second at most, to and fro within ``period`` seconds · error: of the
    measured motion, as share of it, from frame to frame and for good.
    """

    pan: FloatArray
    sway: FloatArray
    frequencies: FloatArray
    phases: FloatArray
    zoom: float
    walk: FloatArray
    period: float
    error: float


def drawn_way(rng: np.random.Generator) -> CameraWay:
    """A hand-held camera at random: it pans, shakes, and its owner may walk."""
    frequencies = np.exp(rng.uniform(np.log(0.2), np.log(4.0), 4))
    strength = 0.02 * float(np.exp(rng.normal(0, 0.7)))
    return CameraWay(
        pan=rng.normal(0, 0.1, 2) * (rng.random() < 0.6),
        sway=rng.normal(0, strength, (4, 2)) / np.maximum(frequencies, 0.5)[:, None],
        frequencies=frequencies,
        phases=rng.uniform(0, 2 * np.pi, 4),
        zoom=float(rng.normal(0, 0.03)),
        walk=rng.normal(0, 0.2, 2) * (rng.random() < 0.5),
        period=float(rng.uniform(5, 12)),
        error=0.02,
    )


def seen_by(clip: LabelledClip, way: CameraWay, rng: np.random.Generator) -> LabelledClip:
    """The clip under a camera that goes this ``way``, which its frames carry as measured."""
    size = np.array([clip.video.width, clip.video.height], np.float64)
    lasting = rng.normal(0, way.error, 2)
    before = None
    people = []
    for item in clip.people:
        seconds = (item.index - clip.people[-1].index / 2) / clip.video.fps
        turns = 2 * np.pi * way.frequencies * seconds + way.phases
        shift = (way.pan * seconds + np.sin(turns) @ way.sway) * size.max()
        zoom = float(np.exp(np.clip(way.zoom * seconds, -0.5, 0.5)))
        # x -> zoom (x - middle) + middle + shift
        now = np.diag([zoom, zoom, 1.0])
        now[:2, 2] = (1 - zoom) * size / 2 + shift
        camera = None
        if before is not None:
            camera = now @ np.linalg.inv(before)
            moved = camera @ [*size / 2, 1.0]
            camera[:2, 2] += (lasting + rng.normal(0, way.error, 2)) * (moved[:2] - size / 2)
        before = now
        people.append(_frame(item, way, seconds, size, now, camera))
    return LabelledClip(clip.video, people, clip.labels)


def _frame(
    item: FramePeople,
    way: CameraWay,
    seconds: float,
    size: FloatArray,
    now: FloatArray,
    camera: FloatArray | None,
) -> FramePeople:
    """The people of a frame where the camera sees them; what its walk does depends on distance."""
    boxes = item.people.boxes.astype(np.float64)
    height = np.hypot(*(boxes[:, 2:] - boxes[:, :2]).T)
    gone = way.walk * way.period / (2 * np.pi) * np.sin(2 * np.pi * seconds / way.period)
    # Somebody of h px stands about size / h body heights away, for a lens about 53 degrees wide.
    nearer = np.exp(np.clip(gone[1] * height / size.max(), -1.0, 1.0))

    def placed(points: FloatArray) -> FloatArray:
        """Points (N, J, 2) of N people."""
        scale = nearer[:, None, None]
        points = (points - size / 2) * scale + size / 2
        points = points + scale * np.array([gone[0], 0.0]) * height[:, None, None]
        return points @ now[:2, :2].T + now[:2, 2]

    corners = placed(boxes.reshape(-1, 2, 2)).reshape(-1, 4)
    joints = item.people.keypoints
    moved = dataclasses.replace(
        item.people, boxes=corners, keypoints=None if joints is None else placed(joints)
    )
    return dataclasses.replace(item, people=moved, camera=camera)
