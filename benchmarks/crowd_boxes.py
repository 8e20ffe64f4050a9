"""Crowds of boxes with known identities, for measuring trackers where no video has ground truth.

People walk on a ground plane seen by a raised camera, towards waypoints inside and outside of the
picture (so they leave and come back), at walking speeds, and cover one another. Detections miss the
covered, jitter, score lower when covered, and add false boxes. Everything follows from the seed.
"""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray, FramePeople, IntArray, People, VideoInfo

WIDTH, HEIGHT, FPS = 1920, 1080, 25.0
LOOK_SIZE = 32


@dataclass(frozen=True)
class Crowd:
    """Truth and detections of one made-up video.

    ids[t] (N,) and boxes[t] (N, 4) xyxy px: who is in the picture and at least a tenth visible ·
    detections[t] · looks[t] (M, D): appearance vectors of the detections.
    """

    video: VideoInfo
    ids: list[IntArray]
    boxes: list[FloatArray]
    detections: list[FramePeople]
    looks: list[FloatArray]


def _walks(people: int, frames: int, rng: np.random.Generator) -> FloatArray:
    """Ground positions (T, N, 2): across in body heights, depth 0 (far) to 1 (near)."""
    place = rng.uniform([0, 0], [1, 1], (people, 2))
    goal = rng.uniform([-0.25, 0], [1.25, 1], (people, 2))
    speed = rng.uniform(0.5, 1.1, people)  # body heights a second: 0.85 to 1.9 m/s
    path = np.empty((frames, people, 2))
    velocity = np.zeros((people, 2))
    for t in range(frames):
        path[t] = place
        aim = goal - place
        # The picture is about 12 body heights wide in its middle depth, and 20 deep.
        metres = aim * [12.0, 20.0]
        distance = np.linalg.norm(metres, axis=1)
        there = distance < 0.5
        goal[there] = rng.uniform([-0.25, 0], [1.25, 1], (int(there.sum()), 2))
        wanted = metres / np.maximum(distance, 1e-9)[:, None] * speed[:, None]
        velocity += (wanted - velocity) * min(1.0, 1.5 / FPS)
        place = place + velocity / FPS / [12.0, 20.0]
    return path


def make_crowd(people: int, frames: int = 500, seed: int = 0) -> Crowd:
    """A crowd of ``people`` walking for ``frames`` frames at 25 fps in a 1920 x 1080 picture."""
    rng = np.random.default_rng(seed)
    path = _walks(people, frames, rng)
    stature = rng.uniform(0.88, 1.12, people)
    identity = rng.normal(0, 1, (people, LOOK_SIZE))
    ids, boxes, detections, looks = [], [], [], []
    for t in range(frames):
        depth = np.clip(path[t, :, 1], 0, 1)
        tall = stature * (90 + 170 * depth)
        foot = np.stack([path[t, :, 0] * WIDTH, 250 + 780 * depth], axis=1)
        wide = tall * (0.38 + 0.05 * np.sin(2 * np.pi * (1.8 * t / FPS + stature * 50)))
        box = np.stack(
            [foot[:, 0] - wide / 2, foot[:, 1] - tall, foot[:, 0] + wide / 2, foot[:, 1]]
        )
        box = box.T
        seen = _visible(box)
        inside = (foot[:, 0] > 0) & (foot[:, 0] < WIDTH)
        here = np.flatnonzero(inside & (seen > 0.1))
        ids.append(here + 1)
        boxes.append(box[here])
        found, look = _detect(box[here], seen[here], identity[here], rng)
        detections.append(FramePeople(t, found))
        looks.append(look)
    video = VideoInfo(f"crowd-{people}", WIDTH, HEIGHT, FPS, frames)
    return Crowd(video, ids, boxes, detections, looks)


def _visible(box: FloatArray) -> FloatArray:
    """The visible share (N,) of boxes (N, 4): on a grid of points, what no nearer box covers."""
    u, v = np.meshgrid(np.linspace(0.1, 0.9, 4), np.linspace(0.05, 0.95, 8))
    x = box[:, None, 0] + u.ravel() * (box[:, 2] - box[:, 0])[:, None]
    y = box[:, None, 1] + v.ravel() * (box[:, 3] - box[:, 1])[:, None]
    covered = np.zeros(x.shape, bool)
    for other in box:
        nearer = (other[3] > box[:, 3])[:, None]
        covered |= nearer & (x > other[0]) & (x < other[2]) & (y > other[1]) & (y < other[3])
    return 1 - covered.mean(axis=1)


def _detect(
    box: FloatArray, seen: FloatArray, identity: FloatArray, rng: np.random.Generator
) -> tuple[People, FloatArray]:
    """Noisy detections of visible boxes, and the looks of what was detected."""
    count = len(box)
    tall = (box[:, 3] - box[:, 1])[:, None]
    noisy = box + rng.normal(0, 0.025, box.shape) * tall * (2 - seen)[:, None]
    score = np.clip(rng.normal(0.15 + 0.6 * seen, 0.12), 0.02, 0.99)
    hit = rng.random(count) < np.clip(1.15 * seen, 0, 0.97)
    false = rng.poisson(0.03 * count + 0.1)
    size = rng.uniform(60, 260, false)
    corner = rng.uniform([0, 150], [WIDTH - 100, HEIGHT - 300], (false, 2))
    extra = np.concatenate([corner, corner + np.stack([0.4 * size, size], axis=1)], axis=1)
    look = identity[hit] + rng.normal(0, 0.6, identity[hit].shape) * (2 - seen[hit])[:, None]
    look = np.concatenate([look, rng.normal(0, 1, (false, LOOK_SIZE))])
    scores = np.concatenate([score[hit], rng.uniform(0.05, 0.45, false)])
    unit = look / np.linalg.norm(look, axis=1, keepdims=True)
    return People(np.concatenate([noisy[hit], extra]), scores), unit
