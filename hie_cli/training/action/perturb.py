"""A recorded clip as other cameras, detectors and trackers might have given it."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.core.skeletons import FLIP
from hie_cli.core.types import FloatArray, FramePeople, IntArray, People, VideoInfo


@dataclass(frozen=True)
class LabelledClip:
    """Frames of people with ids, and a number (N,), such as a label, for each person of a frame."""

    video: VideoInfo
    people: Sequence[FramePeople]
    labels: Sequence[IntArray]


@dataclass(frozen=True)
class Perturbation:
    """What is done to a clip.

    turn: degrees by which the picture is rotated · stride: every how many-th frame is kept · noise:
    of box sides, in box lengths, ``memory`` of it lasting from frame to frame · wider: boxes wider
    and higher by this share · missed: share of boxes lost · scale: of the picture · part: the
    frames (first, end) that are kept · drift (2,): body heights per second that the people
    ``drifting`` (ids) move by together · steadied: seconds over which a tracker has smoothed boxes
    · without: ids of people who are not there.
    """

    mirrored: bool = False
    turn: float = 0.0
    stride: int = 1
    noise: float = 0.0
    memory: float = 0.0
    wider: float = 0.0
    missed: float = 0.0
    scale: float = 1.0
    part: tuple[int, int] | None = None
    drift: tuple[float, float] = (0.0, 0.0)
    drifting: frozenset[int] = frozenset()
    steadied: float = 0.0
    without: frozenset[int] = frozenset()


def drawn(
    rng: np.random.Generator,
    frames: int,
    drifting: frozenset[int],
    alone: frozenset[int] = frozenset(),
) -> Perturbation:
    """A perturbation at random for a clip of so many ``frames``. ``alone``: ids of people who are
    with nobody, and without whom everybody else does the same.
    """
    part = None
    if frames > 20 and rng.random() < 0.35:
        length = int(rng.integers(3, max(4, frames // 2)))
        first = int(rng.integers(0, frames - length))
        part = (first, first + length)
    fewer = rng.random() if rng.random() < 0.5 else 0.0
    gone = frozenset(k for k in sorted(alone) if rng.random() < fewer)
    angle, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.4) * (rng.random() < 0.5)
    return Perturbation(
        mirrored=bool(rng.random() < 0.5),
        turn=float(rng.normal(0, 6)),
        stride=int(rng.choice([1, 1, 1, 2, 3, 5])),
        noise=float(np.exp(rng.uniform(np.log(0.005), np.log(0.06)))),
        memory=float(rng.uniform(0, 0.9)),
        wider=float(rng.normal(0.03, 0.06)),
        missed=float(rng.choice([0.0, 0.05, 0.15])),
        scale=float(np.exp(rng.uniform(np.log(0.6), np.log(4)))),
        part=part,
        drift=(float(speed * np.cos(angle)), float(speed * np.sin(angle))),
        drifting=drifting,
        steadied=float(rng.uniform(0.1, 0.8)) * (rng.random() < 0.4),
        without=gone,
    )


def perturbed(clip: LabelledClip, how: Perturbation, rng: np.random.Generator) -> LabelledClip:
    """The clip so changed; ids and labels stay with their people."""
    first, end = how.part or (0, len(clip.people))
    width, height = clip.video.width, clip.video.height
    errors: dict[int, FloatArray] = {}
    people, labels = [], []
    for t, k in enumerate(range(first, end, how.stride)):
        kept = rng.random(len(clip.people[k].people)) >= how.missed
        if how.without and (ids := clip.people[k].people.track_ids) is not None:
            kept &= ~np.isin(ids, sorted(how.without))
        someone = _turned(clip.people[k].people[kept], (width, height), how.turn)
        if how.mirrored:
            someone = _mirrored(someone, width)
        seconds = (k - (first + end) / 2) / clip.video.fps
        boxes = _shaken(someone, how, seconds, errors, rng)
        limit = np.array([width, height] * 2)
        points = someone.keypoints
        someone = dataclasses.replace(
            someone,
            boxes=np.clip(boxes, 0, limit) * how.scale,
            keypoints=None if points is None else points * how.scale,
        )
        people.append(FramePeople(t, someone))
        labels.append(clip.labels[k][kept])
    video = dataclasses.replace(
        clip.video,
        width=round(width * how.scale),
        height=round(height * how.scale),
        fps=clip.video.fps / how.stride,
        num_frames=len(people),
    )
    if how.steadied:
        people = _steadied(people, how.steadied * video.fps)
    return LabelledClip(video, people, labels)


def _steadied(people: list[FramePeople], frames: float) -> list[FramePeople]:
    """Boxes averaged over so many ``frames`` about each, by identity."""
    rows: dict[int, list[tuple[int, int]]] = {}
    for t, item in enumerate(people):
        ids = [] if item.people.track_ids is None else item.people.track_ids.tolist()
        for k, identity in enumerate(ids):
            rows.setdefault(identity, []).append((t, k))
    boxes = [item.people.boxes.astype(np.float64) for item in people]
    for places in rows.values():
        times = np.array([t for t, _ in places], np.float64)
        own = np.array([boxes[t][k] for t, k in places])
        near = np.abs(times[:, None] - times[None]) <= frames / 2
        mean = near @ own / near.sum(1, keepdims=True)
        for (t, k), box in zip(places, mean, strict=True):
            boxes[t][k] = box
    return [
        dataclasses.replace(item, people=dataclasses.replace(item.people, boxes=box))
        for item, box in zip(people, boxes, strict=True)
    ]


def _turned(people: People, size: tuple[int, int], degrees: float) -> People:
    """About the picture's middle; a box is taken for the ellipse that fills it."""
    angle = np.radians(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    rotation, middle = np.array([[cosine, -sine], [sine, cosine]]), np.array(size) / 2
    boxes = people.boxes.astype(np.float64)
    centres, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    centres = (centres - middle) @ rotation.T + middle
    across = np.hypot(half[:, 0] * cosine, half[:, 1] * sine)
    along = np.hypot(half[:, 0] * sine, half[:, 1] * cosine)
    reach = np.stack([across, along], 1)
    joints = people.keypoints
    if joints is not None:
        joints = (joints - middle) @ rotation.T + middle
    turned = np.concatenate([centres - reach, centres + reach], 1)
    return dataclasses.replace(people, boxes=turned, keypoints=joints)


def _mirrored(people: People, width: int) -> People:
    boxes = people.boxes.copy()
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    joints, scores = people.keypoints, people.keypoint_scores
    if joints is not None and scores is not None:
        joints, scores = joints[:, FLIP].copy(), scores[:, FLIP]
        joints[..., 0] = width - joints[..., 0]
    return dataclasses.replace(people, boxes=boxes, keypoints=joints, keypoint_scores=scores)


def _shaken(
    people: People,
    how: Perturbation,
    seconds: float,
    errors: dict[int, FloatArray],
    rng: np.random.Generator,
) -> FloatArray:
    """Boxes (N, 4) with noise, grown and drifted; ``errors``: each id's noise so far."""
    boxes = people.boxes.astype(np.float64)
    ids = [] if people.track_ids is None else people.track_ids.tolist()
    for row, identity in enumerate(ids):
        before = errors.get(identity, rng.normal(size=4))
        fresh = np.sqrt(1 - how.memory**2) * rng.normal(size=4)
        errors[identity] = how.memory * before + fresh
        size = boxes[row, 2:] - boxes[row, :2]
        boxes[row] += errors[identity] * how.noise * size.max()
        boxes[row] += np.array([-size[0], -size[1], size[0], size[1]]) * how.wider / 2
        if identity in how.drifting:
            boxes[row] += np.tile(how.drift, 2) * size.max() * seconds
    low, high = boxes[:, :2], boxes[:, 2:]
    return np.concatenate([np.minimum(low, high - 2), high], 1)
