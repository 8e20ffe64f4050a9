"""Who is with whom: pairs and lines of people, from their places and motions."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import BoolArray, FloatArray, IntArray
from hie_cli.recognition.kinematic.features import Features


@dataclass(frozen=True)
class Pairs:
    """Quantities of all pairs of N people, (N, N), infinite or 180 on the diagonal.

    distance: in their mean body heights, along "up" stretched to ground distance · scale: the
    larger one's height over the smaller one's · angle: between their motions, degrees ·
    difference: of their velocities over the faster one's speed · travel: speed of the middle
    between them, body heights per second.
    """

    distance: FloatArray
    scale: FloatArray
    angle: FloatArray
    difference: FloatArray
    travel: FloatArray


def pairs(found: Features, depth_stretch: float) -> Pairs:
    """All pairs of people."""
    n = len(found)
    height = (found.height[:, None] + found.height[None]) / 2
    gap = found.centre[:, None] - found.centre[None]
    up = found.up[:, None] + found.up[None]
    up = up / np.maximum(np.linalg.norm(up, axis=2, keepdims=True), 1e-6)
    along = (gap * up).sum(2)
    across = gap[..., 0] * up[..., 1] - gap[..., 1] * up[..., 0]
    distance = np.hypot(across, along * depth_stretch) / height
    # The image's direction with the ground's speed: who walks in depth moves little in the image.
    ground = found.speed / np.maximum(np.linalg.norm(found.velocity, axis=1), 1e-6)
    motion = found.velocity * (found.height * ground)[:, None]
    pace = np.linalg.norm(motion, axis=1)
    faster = np.maximum(np.maximum(pace[:, None], pace[None]), 1e-6)
    difference = np.linalg.norm(motion[:, None] - motion[None], axis=2) / faster
    travel = np.linalg.norm(motion[:, None] + motion[None], axis=2) / 2 / height
    cosine = (motion @ motion.T) / np.maximum(pace[:, None] * pace[None], 1e-6)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    scale = np.exp(np.abs(np.log(found.height[:, None] / found.height[None])))
    self_pair = np.eye(n, dtype=bool)
    distance[self_pair] = np.inf
    angle[self_pair] = 180.0
    return Pairs(distance, scale, angle, difference, travel)


def clusters(linked: BoolArray) -> IntArray:
    """The cluster number (N,) of each of N people, given who is linked with whom (N, N) bool."""
    n = len(linked)
    label = np.arange(n)
    for i in range(n):
        for j in np.flatnonzero(linked[i]):
            if label[i] != label[j]:
                label[label == label[j]] = label[i]
    return label


def straightness(points: FloatArray) -> float:
    """How much points (K, 2) form a line: 1 - short over long extent (standard deviations)."""
    if len(points) < 3:
        return 0.0
    extent = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(points.T)), 0))
    return float(1 - extent[0] / max(extent[1], 1e-6))
