"""Merging two estimates of one person's pose, and telling whose pose one is. Pure numpy."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.types import FloatArray

# How far outside its box, in longer sides, a joint may lie; the crop of a box ends at 0.125.
_REACH = 0.15
# Score of joints that boxes grow to hold; with 0.5 the boxes on MOT16-04 lost .008 AP50.
_SURE = 0.7

Poses = tuple[FloatArray, FloatArray]  # keypoints (N, 14, 2) px, NaN if missing; scores (N, 14)


def agree(one: Poses, other: Poses, reach: NDArray[np.floating]) -> Poses:
    """Joint by joint the best of two poses of the same N people.

    Where both see a joint within ``reach`` (N,) pixels of each other: their mean weighted by score
    squared, and as score the better one raised towards 1 by half of the weaker one (two witnesses).
    Where they differ: the surer one's, its score lowered by six tenths of the other's (so the
    merged scores stayed reliable on the annotated stills).
    """
    (p, s), (q, t) = one, other
    s, t = _present(p, s), _present(q, t)
    p, q = np.nan_to_num(p), np.nan_to_num(q)
    near = np.linalg.norm(p - q, axis=-1) <= np.asarray(reach)[:, None]
    both = near & (s > 0) & (t > 0)
    first = s >= t
    best, worst = np.maximum(s, t), np.minimum(s, t)
    mass = np.maximum(s**2 + t**2, 1e-12)
    mean = (p * (s**2)[..., None] + q * (t**2)[..., None]) / mass[..., None]
    points = np.where(both[..., None], mean, np.where(first[..., None], p, q))
    scores = np.where(both, best + (1 - best) * worst / 2, best * (1 - 0.6 * worst))
    return np.where((best > 0)[..., None], points, np.nan), scores


def one_body(own: Poses, estimated: Poses, merged: Poses, boxes: FloatArray, oks: float) -> Poses:
    """``merged``, but the surer of the two poses where they are not of one body.

    In the crop of somebody who stands behind or before another the network may show that other.
    Where the two poses of a person agree at OKS < ``oks``, joints of both would make a body of two
    people; then the pose with the higher mean score stands as it is. Somebody without a pose of
    one's own has nothing to disagree with.
    """
    similarity = np.array(
        [
            geometry.oks(a[None], b[None], geometry.area(box[None]))[0, 0]
            for a, b, box in zip(estimated[0], own[0], boxes, strict=True)
        ]
    ).reshape(len(boxes))
    apart = geometry.known(own[0]).any(1) & (similarity < oks)
    first = own[1].mean(1) >= estimated[1].mean(1)
    points = np.where((apart & first)[:, None, None], own[0], merged[0])
    points = np.where((apart & ~first)[:, None, None], estimated[0], points)
    scores = np.where((apart & first)[:, None], own[1], merged[1])
    scores = np.where((apart & ~first)[:, None], estimated[1], scores)
    return points, scores


def box_and_joints(
    boxes: FloatArray, keypoints: FloatArray, scores: FloatArray
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Boxes (N, 4) that hold their people's sure joints, and which joints (N, 14) are theirs.

    A joint farther outside the box than ``_REACH`` of its longer side is another person's, or
    nobody's; nor is a missing one theirs. Those within reach and surer than ``_SURE`` widen it.
    """
    grown = np.asarray(boxes, np.float64).copy()
    low, high = grown[:, None, :2], grown[:, None, 2:]
    points = np.asarray(keypoints, np.float64)
    outside = np.maximum(np.maximum(low - points, points - high), 0.0).max(-1)
    reach = _REACH * (grown[:, 2:] - grown[:, :2]).max(1, initial=0.0)
    near = geometry.known(points) & (np.nan_to_num(outside) <= reach[:, None])
    sure = (near & (scores >= _SURE))[..., None]
    grown[:, :2] = np.minimum(grown[:, :2], np.where(sure, points, np.inf).min(1))
    grown[:, 2:] = np.maximum(grown[:, 2:], np.where(sure, points, -np.inf).max(1))
    return grown, near


def _present(points: FloatArray, scores: FloatArray) -> NDArray[np.float64]:
    """Scores with 0 where the joint is missing."""
    there = geometry.known(points)
    return np.where(there, np.maximum(scores, 1e-6), 0.0)


def owners(
    keypoints: FloatArray, scores: FloatArray, boxes: FloatArray, oks: float
) -> NDArray[np.int64]:
    """(N,) the person whose pose each one's really is: another's index, or -1 for one's own.

    Two poses that agree at OKS > ``oks`` are one; it belongs to the one whose box it fills better
    (IoU of the box with the hull of the joints, times the mean joint score).
    """
    n = len(boxes)
    owner = np.full(n, -1, np.int64)
    if n < 2:
        return owner
    similarity = geometry.oks(keypoints, keypoints, geometry.area(boxes))
    same = np.minimum(similarity, similarity.T) > oks
    order = np.argsort(-_fit(keypoints, scores, boxes), kind="stable")
    for place, i in enumerate(order):
        better = [j for j in order[:place] if same[i, j] and owner[j] < 0]
        if better:
            owner[i] = better[0]
    return owner


def _fit(keypoints: FloatArray, scores: FloatArray, boxes: FloatArray) -> NDArray[np.float64]:
    there = geometry.known(keypoints)
    low = np.where(there[..., None], keypoints, np.inf).min(1)
    high = np.where(there[..., None], keypoints, -np.inf).max(1)
    hull = np.nan_to_num(np.concatenate((low, high), 1), posinf=0, neginf=0)
    overlap = np.diagonal(geometry.iou(hull, boxes))
    mean = np.where(there, scores, 0).sum(1) / np.maximum(there.sum(1), 1)
    fit: NDArray[np.float64] = overlap * mean
    return fit
