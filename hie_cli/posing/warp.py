"""Poses of one frame carried along the flow to another, and the mean of several of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.types import People
from hie_cli.flow.fields import FlowPair, carry

Floats = NDArray[np.float64]
_GRID = 5  # points across a box whose median motion moves the box


@dataclass(frozen=True)
class WarpedPoses:
    """``people`` (M) of frame t + ``distance`` brought to frame t.

    weight: how much that distance lets them count · keypoints (M, 14, 2) frame pixels · followed
    (M, 14): whether the flow could follow the joint; where not, it was moved with the body · boxes
    (M, 4) moved with the body.
    """

    distance: int
    weight: float
    people: People
    keypoints: Floats
    followed: NDArray[np.bool_]
    boxes: Floats


class PoseWarp:
    """``people`` with poses, carried along the flow frame by frame, one way.

    A point is lost where its way there and back does not close within ``max_error`` body heights,
    or where it leaves the image. A lost joint moves with the body: by the median of the points
    of its box and pose that came through.
    """

    def __init__(self, people: People, back: bool, max_error: float) -> None:
        boxes = np.asarray(people.boxes, np.float64)
        tall = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0).max(1)
        self._people, self._back = people, back
        self._limit = np.maximum(max_error * tall, 1.0)[:, None]
        joints = np.asarray(people.keypoints, np.float64)
        self._count = joints.shape[1]
        self._start = np.concatenate([joints, _box_grid(boxes)], axis=1)
        self._points, self._ok = self._start, geometry.known(self._start)

    def step(self, pair: FlowPair) -> None:
        """On to the next frame; ``pair`` lies between that one and the present one."""
        self._points, error = carry(self._points, pair, back=self._back)
        self._ok = self._ok & (error < self._limit) & _inside(self._points, pair)

    def warped(self, steps: int, weight: float) -> WarpedPoses:
        """The people where they are now, ``steps`` frames away, as counting ``weight``."""
        people, count = self._people, self._count
        shift = _median_shift(self._start, self._points, self._ok)
        followed = self._ok[:, :count]
        with_body = self._start[:, :count] + shift[:, None]
        moved = np.where(followed[..., None], self._points[:, :count], with_body)
        boxes = np.asarray(people.boxes, np.float64) + np.tile(shift, 2)
        distance = steps if self._back else -steps
        return WarpedPoses(distance, weight, people, moved, followed, boxes)


def warp(
    people: People, path: Sequence[FlowPair], distance: int, max_error: float, weight: float = 1.0
) -> WarpedPoses:
    """Carry ``people`` with poses along ``path``: forward for a negative ``distance``, else back.

    See ``PoseWarp``.
    """
    pose_warp = PoseWarp(people, distance > 0, max_error)
    for pair in path if distance < 0 else reversed(path):
        pose_warp.step(pair)
    return pose_warp.warped(abs(distance), weight)


def _inside(points: Floats, pair: FlowPair) -> NDArray[np.bool_]:
    """Which points (..., 2) lie inside the image; beyond its edges nothing is known to be there."""
    height, width = pair.forward.shape[:2]
    scaled = points * pair.scale
    inside: NDArray[np.bool_] = np.logical_and.reduce(
        (scaled >= 0) & (scaled < (width, height)), axis=-1
    )
    return inside


def _box_grid(boxes: Floats) -> Floats:
    """Points (M, 25, 2) over the middle of each box."""
    at = np.linspace(0.3, 0.7, _GRID)
    unit = np.stack(np.meshgrid(at, at), -1).reshape(-1, 2)
    corner, size = boxes[:, None, :2], boxes[:, None, 2:] - boxes[:, None, :2]
    points: Floats = corner + size * unit
    return points


def _median_shift(start: Floats, end: Floats, ok: NDArray[np.bool_]) -> Floats:
    """How far each body moved (M, 2): the median of its points that came through; 0 without any."""
    # Lost points sort to the end; the median is the mean of the two in the middle of the rest.
    ordered = np.sort(np.where(ok[..., None], end - start, np.inf), axis=1)
    count = ok.sum(1)
    every = np.arange(len(ordered))
    low = ordered[every, np.maximum(count - 1, 0) // 2]
    high = ordered[every, count // 2]
    moved: Floats = np.where((count > 0)[:, None], (low + high) / 2, 0.0)
    return moved


def average(
    points: Floats, trust: Floats, scores: Floats, power: float, spread: Floats
) -> tuple[Floats, Floats, Floats]:
    """Weighted mean of joints over slots, far ones damped.

    points (S, N, 14, 2), trust and scores (S, N, 14), spread (N,) pixels. A slot weighs ``trust``
    times its score to the ``power``; that falls by a Gaussian, ``spread`` wide, in the distance
    from the weighted median. Returns points (N, 14, 2; NaN without weight), the mean scores
    (N, 14) of the slots that agree, and the total weights (N, 14).
    """
    weights = trust * scores**power
    known = np.where(np.isfinite(points), points, 0.0)
    centre = np.stack([_weighted_median(known[..., axis], weights) for axis in (0, 1)], -1)
    distance = geometry.squared_distance(known, centre)
    damped = np.exp(-distance / (2 * spread[:, None] ** 2))
    weights = weights * damped
    total = weights.sum(0)
    mean = (known * weights[..., None]).sum(0) / np.where(total > 0, total, 1.0)[..., None]
    # Scores are averaged by their squares: to the power above, the mean would be near the highest.
    votes = trust * scores**2 * damped
    score = (scores * votes).sum(0) / np.where(total > 0, votes.sum(0), 1.0)
    return np.where(total[..., None] > 0, mean, np.nan), np.where(total > 0, score, 0.0), total


def _weighted_median(values: Floats, weights: Floats) -> Floats:
    """Along the first axis: the value at which half of the weight is reached."""
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, 0)
    reached = np.cumsum(np.take_along_axis(weights, order, 0), axis=0)
    first = (reached >= reached[-1:] / 2).argmax(0)
    median: Floats = np.take_along_axis(ordered, first[None], 0)[0]
    return median
