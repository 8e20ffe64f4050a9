"""Whether one tracker's result is worse than another's by more than its people can tell.

A paired bootstrap over clusters: the true people, each with what either result makes of them, and
the false tracks of either. Errors of one person are not independent from frame to frame, so that
people are drawn, not frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from hie_cli.core import geometry
from hie_cli.core.annotations import Annotations
from hie_cli.core.types import People

Floats = NDArray[np.float64]
ROUNDS = 2000
CERTAIN = 0.975  # of the differences; two-sided 95 %


@dataclass(frozen=True)
class Clusters:
    """Of each true person (by id), then each track that is nobody's: frames in the ``truth``,
    ``errors`` (missed, false, changed id; MOTA), frames ``found``, and those ``right`` by the best
    match of tracks to people (IDF1).
    """

    truth: Floats
    errors: Floats
    found: Floats
    right: Floats

    def draw(self, times: Floats) -> tuple[float, float]:
        """MOTA and IDF1 where each cluster is there ``times`` over."""
        truth, errors, found, right = (
            float(times @ each) for each in (self.truth, self.errors, self.found, self.right)
        )
        return 1 - errors / truth, 2 * right / (truth + found)


def clusters(
    truth: Sequence[Annotations], found: Sequence[People], ids: NDArray[np.int64]
) -> Clusters:
    """Of frames of truth and tracks; boxes of IoU .5 or more are one. ``ids``: of all people."""
    tracks = np.unique(np.concatenate([np.zeros(0, np.int64), *map(_ids, found)]))
    together = np.zeros((len(ids), len(tracks)))
    missed, changed, length = np.zeros(len(ids)), np.zeros(len(ids)), np.zeros(len(ids))
    false, frames = np.zeros(len(tracks)), np.zeros(len(tracks))
    last = np.full(len(ids), -1)
    for true, people in zip(truth, found, strict=True):
        overlap = geometry.iou(true.boxes, people.boxes)
        rows, columns = linear_sum_assignment(-np.where(overlap >= 0.5, overlap, 0.0))
        fit = overlap[rows, columns] >= 0.5
        rows, columns = rows[fit], columns[fit]
        counted = ~true.ignore[rows]
        ignored = columns[~counted]
        rows, columns = rows[counted], columns[counted]
        who = np.searchsorted(ids, true.track_ids)
        mine = np.searchsorted(tracks, _ids(people))
        length[who[~true.ignore]] += 1
        missed[who[~true.ignore]] += 1
        missed[who[rows]] -= 1
        changed[who[rows]] += (last[who[rows]] >= 0) & (last[who[rows]] != mine[columns])
        last[who[rows]] = mine[columns]
        together[who[rows], mine[columns]] += 1
        seen = np.setdiff1d(np.arange(len(people)), ignored)
        frames[mine[seen]] += 1
        false[mine[np.setdiff1d(seen, columns)]] += 1
    rows, columns = linear_sum_assignment(-together)
    owner = np.full(len(tracks), -1)
    owner[columns] = np.where(together[rows, columns] > 0, rows, -1)
    free = owner < 0
    size = len(ids) + int(free.sum())
    sums = [np.zeros(size) for _ in range(4)]
    sums[0][: len(ids)] = length
    sums[1][: len(ids)] = missed + changed
    sums[3][rows] = together[rows, columns]
    place = np.where(free, len(ids) + np.cumsum(free) - 1, owner)
    np.add.at(sums[1], place, false)
    np.add.at(sums[2], place, frames)
    return Clusters(*sums)


def shaken(people: People, rng: np.random.Generator) -> People:
    """As another run of a detector would see them: jitter of 1.5 % of height, 5 % missed, scores
    off by .03.
    """
    tall = (people.boxes[:, 3] - people.boxes[:, 1])[:, None]
    moved = people.boxes + rng.normal(0, 0.015, (len(people), 4)) * tall
    scores = np.clip(people.scores + rng.normal(0, 0.03, len(people)), 0.01, 1)
    return people.replace(boxes=moved, scores=scores)[rng.random(len(people)) >= 0.05]


def difference(
    ours: Clusters, theirs: Clusters, people: int, runs: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Theirs less ours, MOTA and IDF1, and how high it may really be (2,).

    ``people``: how many clusters are true people, the same ones on both sides · ``runs``: MOTA
    and IDF1 (K, 2) of ours and of theirs on shaken detections.
    """
    rng = np.random.default_rng(0)
    noise = [each - each.mean(0) for each in runs]
    rows = []
    for _ in range(ROUNDS):
        shared = np.bincount(rng.integers(people, size=people), minlength=people)
        drawn = []
        for side in (ours, theirs):
            extra = len(side.truth) - people
            own = np.bincount(rng.integers(max(extra, 1), size=extra), minlength=extra)
            drawn.append(side.draw(np.concatenate([shared, own[:extra]]).astype(float)))
        off = [each[rng.integers(len(each))] for each in noise]
        rows.append(np.subtract(drawn[1], drawn[0]) + off[1] - off[0])
    plain = [side.draw(np.ones(len(side.truth))) for side in (ours, theirs)]
    return np.subtract(plain[1], plain[0]), np.quantile(rows, CERTAIN, axis=0)


def _ids(people: People) -> NDArray[np.int64]:
    return np.asarray([] if people.track_ids is None else people.track_ids, np.int64)
