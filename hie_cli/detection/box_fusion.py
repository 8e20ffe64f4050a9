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

Floats = NDArray[np.float64]
_FEW = 5.0  # people, with one more than are seen, from which on a picture shows a crowd


@dataclass(frozen=True)
class RecallByHeight:
    """Recall of a view by person height, tabulated: ``heights`` (T,) rising px, ``recall`` (T,)."""

    heights: Floats
    recall: Floats

    def __call__(self, heights: NDArray[np.floating]) -> Floats:
        """Recall (K,) at ``heights`` (K,) in frame pixels, linear between the table's rows."""
        found: Floats = np.interp(heights, self.heights, self.recall)
        return found


@dataclass(frozen=True)
class ViewDetections:
    """One view's people with calibrated scores, and ``sees``: which heights the view finds.

    ``sideways``: the view was turned by a quarter, so a person's height is the box's width.
    """

    people: People
    sees: RecallByHeight
    sideways: bool = False


ALWAYS = RecallByHeight(np.array([1.0]), np.array([1.0]))


@dataclass(frozen=True)
class Clusters:
    """The detections of V views, grouped into C persons.

    ``people``: all N of them; ``view`` and ``cluster`` (N,): whose each is and which person it
    shows; ``probability`` (C, V): a person's score in each view, 0 where not found; ``recall``
    (C, V): how likely the view finds people of that height; ``leaders`` (C,): each person's best
    detection, an index into ``people``.
    """

    people: People
    view: NDArray[np.int64]
    cluster: NDArray[np.int64]
    probability: Floats
    recall: Floats
    leaders: NDArray[np.int64]

    @property
    def scores(self) -> Floats:
        """Chance (C,) that each person is one, by all views."""
        return person_scores(self.probability, self.recall)


def grouped(views: Sequence[ViewDetections], threshold: float) -> Clusters:
    """The detections of all ``views``; those of different ones with IoU >= ``threshold`` are one
    person.
    """
    everybody = _stack([view.people for view in views])
    origin = np.repeat(np.arange(len(views)), [len(view.people) for view in views])
    cluster, leaders = _cluster(everybody, origin, threshold)
    probability = np.zeros((len(leaders), len(views)))
    probability[cluster, origin] = everybody.scores
    rough = _weighted(
        everybody.boxes.astype(np.float64), everybody.scores.astype(np.float64), cluster,
        len(leaders),
    )  # fmt: skip
    size = rough[:, 2:] - rough[:, :2]
    recall = np.stack([view.sees(size[:, 0 if view.sideways else 1]) for view in views], 1)
    return Clusters(everybody, origin, cluster, probability, recall, leaders)


def person_scores(probability: Floats, recall: Floats) -> Floats:
    """Chance (C,) of being a person, of scores and recall (C, V) in V views.

    Two readings of the views: the mean of their scores weighted by squared recall, in which a view
    that should have seen the person and did not counts against, and 1 - prod(1 - p sqrt(recall)),
    in which it does not. The mean is right where people stand free, the other in crowds, where most
    views miss whoever is half covered. The odds are the geometric mean of both.
    """
    say = recall**2 + 1e-6
    mean = (probability * say).sum(1) / say.sum(1)
    anyone = 1 - np.prod(1 - probability * np.sqrt(recall), axis=1)
    together: Floats = 1 / (1 + np.exp(-(_logit(mean) + _logit(anyone)) / 2))
    return together


def in_a_crowd(scores: NDArray[np.floating]) -> Floats:
    """``scores`` (N,) of one frame's people by what their number says; their order stays.

    Ghosts are about as many in every picture, people are not. So by Bayes' rule the odds that
    somebody seen weakly is a person grow as the people do, who are counted by the squares of their
    scores: the odds are multiplied by (count + 1) / ``_FEW``, where that is more than 1. One score
    (.5) then is near the best working point of crowds and streets alike.
    """
    chance = np.asarray(scores, np.float64)
    more = max(1.0, (float((chance**2).sum()) + 1) / _FEW)
    odds = more * chance / np.maximum(1 - chance, 1e-9)
    raised: Floats = odds / (1 + odds)
    return raised


def _logit(chance: Floats) -> Floats:
    held = np.clip(chance, 1e-6, 1 - 1e-6)
    value: Floats = np.log(held / (1 - held))
    return value


def fuse(views: Sequence[ViewDetections], threshold: float) -> People:
    """The people of one frame as all views together see them, best first.

    Boxes of different views with IoU >= ``threshold`` are one person. With p_v the score of view v
    and w_v the square of its recall at the person's height: box = sum w_v p_v box_v / sum w_v p_v;
    scores as ``person_scores`` has them. Joints are means weighted by w_v p_v times the joint's own
    score. Keypoints are None if no view has any; a person whom no pose network found has NaN
    joints.
    """
    found = grouped(views, threshold)
    everybody, cluster = found.people, found.cluster
    if not len(everybody):
        return everybody
    count = len(found.leaders)
    weight = everybody.scores * (found.recall[cluster, found.view] ** 2 + 1e-6)
    boxes = _weighted(everybody.boxes.astype(np.float64), weight, cluster, count)
    keypoints, joint_scores = _fuse_joints(everybody, weight, cluster, count)
    scores = found.scores
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


def _cluster(
    people: People, origin: NDArray[np.int64], threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cluster number (N,) of each box, and the best box of each cluster.

    Greedy by score, one box of each view in a cluster: a box joins the cluster whose leader (its
    best box) it overlaps most.
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
    return cluster, np.array(leaders, np.int64)


def _weighted(values: Floats, weight: Floats, cluster: NDArray[np.int64], count: int) -> Floats:
    """Weighted means (count, C) of ``values`` (N, C) by cluster."""
    total = np.zeros((count, values.shape[1]))
    np.add.at(total, cluster, values * weight[:, None])
    mass = np.bincount(cluster, weight, count)
    mean: Floats = total / np.maximum(mass, 1e-12)[:, None]
    return mean


def _fuse_joints(
    people: People, weight: Floats, cluster: NDArray[np.int64], count: int
) -> tuple[Floats | None, Floats | None]:
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
