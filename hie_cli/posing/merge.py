"""Merging two estimates of one person's pose, and giving stolen poses back. Pure numpy."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.types import FloatArray

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
    overlap = np.array([geometry.iou(h, b)[0, 0] for h, b in zip(hull, boxes, strict=True)])
    mean = np.where(there, scores, 0).sum(1) / np.maximum(there.sum(1), 1)
    fit: NDArray[np.float64] = overlap * mean
    return fit
