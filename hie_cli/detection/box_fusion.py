"""Weighted fusion of several views (network x scale) of one frame, boxes and poses alike.

After weighted boxes fusion (Solovyev, Wang, Gabruseva 2021), with two changes for crowds: a cluster
takes at most one box of each view, so that two people standing close in one view are never
averaged, and a view that cannot see people of this size has no say in the score.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import People


@dataclass(frozen=True)
class RecallByHeight:
    """Recall of a view by person height, tabulated: ``heights`` (T,) rising px, ``recall`` (T,)."""

    heights: NDArray[np.float64]
    recall: NDArray[np.float64]

    def __call__(self, heights: NDArray[np.floating]) -> NDArray[np.float64]:
        """Recall (K,) at ``heights`` (K,) in frame pixels, linear between the table's rows."""
        found: NDArray[np.float64] = np.interp(heights, self.heights, self.recall)
        return found


@dataclass(frozen=True)
class ViewDetections:
    """One view's people with calibrated scores, and ``sees``: which heights the view finds."""

    people: People
    sees: RecallByHeight


ALWAYS = RecallByHeight(np.array([1.0]), np.array([1.0]))


def fuse(votes: Sequence[ViewDetections], threshold: float) -> People:
    """The people of one frame as all views together see them, best first.

    Boxes of different views with IoU >= ``threshold`` are one person. With p_v the calibrated score
    of view v (0 where it found nothing) and w_v the square of its competence at the person's
    height: box = sum w_v p_v box_v / sum w_v p_v, score = sum w_v p_v / sum w_v over all views.
    Joints are means weighted by w_v p_v times the joint's own score. Keypoints are None if no
    view has any; a person whom no pose network found has NaN joints.
    """
    everybody = _stack([vote.people for vote in votes])
    if not len(everybody):
        return everybody
    origin = np.repeat(np.arange(len(votes)), [len(vote.people) for vote in votes])
    cluster = _cluster(everybody, origin, threshold)
    count = int(cluster.max()) + 1

    table = np.zeros((count, len(votes)))  # p_v of each person in each view
    table[cluster, origin] = everybody.scores
    boxes64 = everybody.boxes.astype(np.float64)
    first = _weighted(boxes64, everybody.scores.astype(np.float64), cluster, count)
    heights = first[:, 3] - first[:, 1]
    say = np.stack([vote.sees(heights) for vote in votes], 1) ** 2 + 1e-6  # (count, views)

    weight = everybody.scores * say[cluster, origin]
    boxes = _weighted(boxes64, weight, cluster, count)
    scores = (table * say).sum(1) / say.sum(1)
    keypoints, joint_scores = _fuse_joints(everybody, weight, cluster, count)
    fused = People(boxes, scores, None, keypoints, joint_scores)
    return fused[np.argsort(-scores, kind="stable")]


def _stack(parts: Sequence[People]) -> People:
    """Everybody of all views; joints NaN for views without poses, None if no view has them."""
    boxes = np.concatenate([part.boxes for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    if all(part.keypoints is None for part in parts):
        return People(boxes, scores)
    points = [
        np.full((len(p), NUM_JOINTS, 2), np.nan, np.float32) if p.keypoints is None else p.keypoints
        for p in parts
    ]
    values = [
        np.zeros((len(p), NUM_JOINTS), np.float32)
        if p.keypoint_scores is None
        else p.keypoint_scores
        for p in parts
    ]
    return People(boxes, scores, None, np.concatenate(points), np.concatenate(values))


def _cluster(people: People, origin: NDArray[np.int64], threshold: float) -> NDArray[np.int64]:
    """Cluster number (N,) of each box; greedy by score, one box of each view in a cluster.

    A box joins the cluster whose leader (its best box) it overlaps most.
    """
    overlap = geometry.iou(people.boxes, people.boxes)
    cluster = np.full(len(people), -1, np.int64)
    leaders: list[int] = []
    taken: list[set[int]] = []
    for i in np.argsort(-people.scores, kind="stable"):
        view = int(origin[i])
        best, best_overlap = -1, 0.0
        if leaders:
            with_leaders = overlap[i, leaders]
            for c in np.flatnonzero(with_leaders >= threshold):
                if with_leaders[c] > best_overlap and view not in taken[c]:
                    best, best_overlap = int(c), with_leaders[c]
        if best < 0:
            best = len(leaders)
            leaders.append(int(i))
            taken.append(set())
        taken[best].add(view)
        cluster[i] = best
    return cluster


def _weighted(
    values: NDArray[np.float64],
    weight: NDArray[np.float64],
    cluster: NDArray[np.int64],
    count: int,
) -> NDArray[np.float64]:
    """Weighted means (count, C) of ``values`` (N, C) by cluster."""
    total = np.zeros((count, values.shape[1]))
    np.add.at(total, cluster, values * weight[:, None])
    mass = np.bincount(cluster, weight, count)
    mean: NDArray[np.float64] = total / np.maximum(mass, 1e-12)[:, None]
    return mean


def _fuse_joints(
    people: People, weight: NDArray[np.float64], cluster: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Joints (count, 14, 2) and scores (count, 14), each a mean over the views that have them."""
    if people.keypoints is None or people.keypoint_scores is None:
        return None, None
    present = geometry.known(people.keypoints)
    vote = np.where(present, weight[:, None], 0.0)  # (N, 14)
    pull = vote * np.maximum(people.keypoint_scores, 1e-3)
    points = np.where(present[..., None], people.keypoints, 0.0)
    sums = np.zeros((count, NUM_JOINTS, 4))
    parts = (points * pull[..., None], pull[..., None], (pull * people.keypoint_scores)[..., None])
    np.add.at(sums, cluster, np.concatenate(parts, -1))
    mass = sums[..., 2]
    seen = mass > 0
    safe = np.where(seen, mass, 1.0)
    joints = np.where(seen[..., None], sums[..., :2] / safe[..., None], np.nan)
    return joints, np.where(seen, sums[..., 3] / safe, 0.0)
