"""Removing duplicates among people, by boxes and poses together."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.types import People


def without_duplicates(fused: People, box_iou: float, pose_oks: float) -> People:
    """``fused`` with duplicates removed, best first.

    Two are one person if their boxes overlap at IoU > ``box_iou``, unless both have poses that
    differ (OKS < ``pose_oks`` / 2: two people, one before the other), or if their poses agree at
    OKS > ``pose_oks`` and their boxes at least touch (a half box and a whole one of one person).
    """
    if len(fused) < 2:
        return fused
    overlap = geometry.iou(fused.boxes, fused.boxes)
    same = overlap > box_iou
    if fused.keypoints is not None:
        similarity, comparable = pose_similarity(fused)
        same &= ~(comparable & (similarity < pose_oks / 2))
        same |= comparable & (similarity > pose_oks) & (overlap > 0)
    return fused[_greedy(same, fused.scores)]


def pose_similarity(fused: People) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """OKS (N, N), the larger person's area as scale, and whether each pair shares >= 4 joints."""
    assert fused.keypoints is not None
    area = geometry.area(fused.boxes)
    similarity = geometry.oks(fused.keypoints, fused.keypoints, area)
    similarity = np.where(area[:, None] > area[None], similarity.T, similarity)
    there = np.asarray(geometry.known(fused.keypoints), np.int64)
    return similarity, there @ there.T >= 4


def _greedy(same: NDArray[np.bool_], scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """Indices that stay when the better of every ``same`` pair suppresses the other, best first."""
    alive = np.ones(len(scores), bool)
    kept = []
    for i in np.argsort(-np.asarray(scores, np.float64), kind="stable"):
        if alive[i]:
            kept.append(int(i))
            alive &= ~same[i]
    return np.array(kept, np.int64)
