"""Poses of a frame fused with those of the frames around that were carried to it.

    w_d = score^p · exp(−|d|/τ) · [1 where the flow followed the joint, else h] · alike(p̂_d, p_t)
    w_0 = max(own, share · Σ_d exp(−|d|/τ)) · score^p
    fused = Σ w_d p̂_d / Σ w_d           (d = 0 included; outliers damped)

τ is a time: the more frames a second, the nearer they are and the more they count, but the own pose
keeps its share of them. A joint, or a whole person, that is missing at t is filled in where the
frames around agree on it.
People are the same by their identities where both frames have some, else by the mean of OKS and box
overlap. The weights are our reading of the paper (Yuan et al., arXiv 2010.10008), which leaves them
open; docs/results.md has the ablation.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.core.types import People, concatenate
from hie_cli.posing.settings import RefineConfig
from hie_cli.posing.warp import WarpedPoses, average

Floats = NDArray[np.float64]
Matches = tuple[NDArray[np.int64], Floats]


def combine(people: People, carried: Sequence[WarpedPoses], config: RefineConfig) -> People:
    """Fuse ``people`` (N) with what was carried to their frame, and add people they lack."""
    matches = _matches(people, carried, config)
    fused = _fuse(people, carried, matches, config) if len(people) else people
    if config.fill_people:
        fused = _with_missed_people(fused, carried, matches, config)
    return fused


def _trust(carried: WarpedPoses, config: RefineConfig) -> Floats:
    """(M, 14): how much each carried joint counts, scores and similarity aside."""
    followed = np.where(carried.followed, 1.0, config.hidden_weight)
    trust: Floats = np.where(geometry.known(carried.keypoints), followed * carried.weight, 0.0)
    return trust


def _spread(boxes: NDArray[np.floating], config: RefineConfig) -> Floats:
    """(N,) pixels: how far apart places of one joint of the people in ``boxes`` may lie."""
    tall: Floats = (boxes[:, 2:] - boxes[:, :2]).max(1, initial=1.0)
    return config.outlier * tall


def _visible(carried: WarpedPoses) -> Floats:
    """The joints (M, 14, 2) that the flow followed; NaN for the others."""
    seen: Floats = np.where(carried.followed[..., None], carried.keypoints, np.nan)
    return seen


def _similarity(
    moved: Floats, visible: Floats, boxes: Floats, keypoints: Floats
) -> tuple[Floats, Floats]:
    """(M, N) similarity of carried people to others: the mean of OKS and box overlap.

    moved (M, 4) and visible (M, 14, 2): their boxes and the joints that the flow followed · boxes
    (N, 4), keypoints (N, 14, 2): the others. Where a pair shares no joint it is the overlap alone;
    in what is returned second, half of that, so that of several who overlap equally those with a
    similar pose come first.
    """
    pose = geometry.oks(visible, keypoints, geometry.area(boxes))
    overlap = geometry.iou(moved, boxes)
    common = geometry.known(visible).astype(int) @ geometry.known(keypoints).T.astype(int)
    sure = (np.where(common > 0, pose, 0.0) + overlap) / 2
    return np.where(common > 0, sure, overlap), sure


def _same_id(a: People, b: People) -> NDArray[np.bool_] | None:
    """(M, N) whether people are one by their identities; None where either side has none."""
    if a.track_ids is None or b.track_ids is None:
        return None
    same: NDArray[np.bool_] = a.track_ids[:, None] == b.track_ids[None]
    return same


def _matches(people: People, carried: Sequence[WarpedPoses], config: RefineConfig) -> list[Matches]:
    """``_match`` of each of ``carried``; all are compared with ``people`` at once."""
    if not len(people) or not carried:
        return [(np.full(len(e.boxes), -1), np.zeros(len(e.boxes))) for e in carried]
    similarity, sure = _similarity(
        np.concatenate([each.boxes for each in carried]),
        np.concatenate([_visible(each) for each in carried]),
        np.asarray(people.boxes, np.float64),
        np.asarray(people.keypoints, np.float64),
    )
    ends = np.cumsum([len(each.boxes) for each in carried])[:-1]
    parts = zip(carried, np.split(similarity, ends), np.split(sure, ends), strict=True)
    return [_match(people, each, alike, best, config) for each, alike, best in parts]


def _match(
    people: People, carried: WarpedPoses, similarity: Floats, sure: Floats, config: RefineConfig
) -> Matches:
    """Of each carried person the index of the same one in ``people`` (-1: none), how alike."""
    index = np.full(len(carried.boxes), -1)
    alike = np.zeros(len(carried.boxes))
    same = _same_id(carried.people, people)
    if same is None:
        rows, columns = linear_sum_assignment(-sure)
        good = similarity[rows, columns] >= config.min_similarity
        rows, columns = rows[good], columns[good]
    else:
        rows, columns = np.nonzero(same)
    index[rows], alike[rows] = columns, similarity[rows, columns]
    return index, alike


def _fuse(
    people: People, carried: Sequence[WarpedPoses], matches: Sequence[Matches], config: RefineConfig
) -> People:
    """Poses of ``people`` (N) averaged with their carried selves."""
    n, slots = len(people), 1 + len(carried)
    points = np.full((slots, n, 14, 2), np.nan)
    trust = np.zeros((slots, n, 14))
    scores = np.zeros((slots, n, 14))
    assert people.keypoints is not None
    assert people.keypoint_scores is not None
    own = geometry.known(people.keypoints)
    points[0], scores[0] = people.keypoints, people.keypoint_scores
    others = sum(each.weight for each in carried)
    trust[0] = np.where(own, max(config.own_weight, config.own_share * others), 0.0)
    for slot, (each, (index, alike)) in enumerate(zip(carried, matches, strict=True), 1):
        found = index >= 0
        points[slot, index[found]] = each.keypoints[found]
        scores[slot, index[found]] = np.asarray(each.people.keypoint_scores)[found]
        trust[slot, index[found]] = _trust(each, config)[found] * alike[found, None]
    spread = _spread(people.boxes, config)
    mean, score, total = average(points, trust, scores, config.score_power, spread)
    keep = own if not config.fill_joints else own | (total >= config.fill_weight)
    filled = keep & ~own
    score = np.where(filled, score * config.filled_score, score)
    return people.replace(
        keypoints=np.where(keep[..., None], mean, np.nan),
        keypoint_scores=np.where(keep, score, 0.0),
    )


def _with_missed_people(
    people: People, carried: Sequence[WarpedPoses], matches: Sequence[Matches], config: RefineConfig
) -> People:
    """``people`` and those whom frames on both sides carry here and whom this frame lacks.

    The nearest frames come first; nobody is added who is similar to somebody already there.
    """
    free = [
        (each, np.flatnonzero((index < 0) & (each.people.scores >= config.fill_min_score)))
        for each, (index, _) in zip(carried, matches, strict=True)
    ]
    sides = [
        (past, i, future, j)
        for past, i in free
        for future, j in free
        if past.distance < 0 < future.distance and len(i) and len(j)
    ]
    for past, i, future, j in sorted(sides, key=lambda s: s[2].distance - s[0].distance):
        seen = _visible(past)[i]
        pairs, _ = _similarity(past.boxes[i], seen, future.boxes[j], future.keypoints[j])
        same = _same_id(past.people, future.people)
        if same is not None:
            pairs = np.where(same[np.ix_(i, j)], np.maximum(pairs, config.min_similarity), 0.0)
        for a, b, similarity in _best_pairs(pairs, config.min_similarity):
            person = _between(past, future, int(i[a]), int(j[b]), similarity, config)
            if np.any(person.keypoint_scores) and not _taken(person, people, config):
                people = concatenate([people, person])
    return people


def _best_pairs(similarity: Floats, least: float) -> Iterator[tuple[int, int, float]]:
    """Greedy one-to-one matches of ``similarity`` (M, N): row, column and value, best first."""
    left = similarity.copy()
    while left.size and left.max() >= least:
        row, column = (int(k) for k in np.unravel_index(int(left.argmax()), left.shape))
        yield row, column, float(left[row, column])
        left[row, :] = left[:, column] = 0


def _between(
    past: WarpedPoses, future: WarpedPoses, a: int, b: int, alike: float, config: RefineConfig
) -> People:
    """One person, seen before and after, at the present frame."""
    sides = ((past, a), (future, b))
    points = np.stack([side.keypoints[k] for side, k in sides])[:, None]
    trust = np.stack([_trust(side, config)[k] for side, k in sides])[:, None]
    scores = np.stack([np.asarray(side.people.keypoint_scores)[k] for side, k in sides])[:, None]
    box = (past.boxes[a] + future.boxes[b]) / 2
    spread = _spread(box[None], config)
    mean, score, total = average(points, trust, scores, config.score_power, spread)
    keep = total >= config.fill_weight
    lowered = config.filled_score * alike
    ends = min(float(past.people.scores[a]), float(future.people.scores[b]))
    ids, later = past.people.track_ids, future.people.track_ids
    return People(
        box[None],
        np.array([ends * config.filled_score]),
        None if ids is None or later is None else ids[[a]],
        np.where(keep[..., None], mean, np.nan),
        np.where(keep, score * lowered, 0.0),
    )


def _taken(person: People, people: People, config: RefineConfig) -> bool:
    """Whether ``person`` is one of ``people`` already."""
    if not len(people):
        return False
    same = _same_id(person, people)
    if same is not None and same.any():
        return True
    assert person.keypoints is not None
    assert people.keypoints is not None
    overlap = geometry.iou(person.boxes, people.boxes)
    pose = geometry.oks(person.keypoints, people.keypoints, geometry.area(people.boxes))
    return bool(overlap.max() > 0.5 or ((overlap + pose) / 2).max() >= config.min_similarity)
