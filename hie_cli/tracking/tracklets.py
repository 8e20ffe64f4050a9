"""Tracklets: what the forward pass found of one person, in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import repeat
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hie_cli.camera.path import CameraPath
from hie_cli.core.types import People
from hie_cli.tracking.detections import stack
from hie_cli.tracking.kalman import Floats
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import Observation
from hie_cli.tracking.tracker import Association

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Tracklet:
    """L observations of one person.

    frames (L,) ascending · boxes (L, 4) xyxy px · scores (L,) · keypoints (L, 14, 2) px and
    keypoint_scores (L, 14), or None · appearance (L, D) float32, weighted by how much of the person
    was in view, or None · occlusion (L,) the share of each box under nearer people, or None.
    """

    frames: Ints
    boxes: Floats
    scores: Floats
    keypoints: Floats | None = None
    keypoint_scores: Floats | None = None
    appearance: NDArray[np.floating[Any]] | None = None
    occlusion: Floats | None = None

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def first(self) -> int:
        """The first frame."""
        return int(self.frames[0])

    @property
    def last(self) -> int:
        """The last frame."""
        return int(self.frames[-1])

    def rows(self, index: Ints | NDArray[np.bool_] | slice) -> Self:
        """Only these of its observations."""
        cut: dict[str, Any] = {
            name: None if value is None else value[index] for name, value in vars(self).items()
        }
        return type(self)(**cut)


def collect(seen: Sequence[Observation], joined: Sequence[Association]) -> list[Tracklet]:
    """The tracklets of all track numbers >= 0, in order of number.

    ``joined[t]`` is what the tracker made of ``seen[t]``.
    """
    if not seen:
        return []
    people = [s.people for s in seen]
    number = np.concatenate([j.numbers for j in joined])
    occlusion = np.concatenate([j.occlusion for j in joined])
    frame = np.repeat([s.index for s in seen], [len(p.boxes) for p in people])
    boxes = np.concatenate([p.boxes for p in people]).astype(np.float64)
    scores = np.concatenate([p.scores for p in people]).astype(np.float64)
    filled = [s for s in seen if len(s.people)]
    keypoints = stack([s.people.keypoints for s in filled])
    joint_scores = stack([s.people.keypoint_scores for s in filled])
    appearance = stack([s.appearance for s in filled], np.float32)
    if appearance is not None:
        appearance *= (1 - occlusion).astype(np.float32)[:, None] + 1e-3
    order = np.argsort(number, kind="stable")
    order = order[np.searchsorted(number[order], 0) :]
    whole = Tracklet(frame, boxes, scores, keypoints, joint_scores, appearance, occlusion)
    count = np.bincount(number[order])
    return split(whole.rows(order), count[count > 0])


def shares(tracks: Sequence[Tracklet], scale: ScoreScale) -> Floats:
    """Scores (R,) of tracklets, one after another, as shares of the top score of people as tall."""
    boxes = np.concatenate([t.boxes for t in tracks])
    scores = np.concatenate([t.scores for t in tracks])
    return scale.shares(scores, boxes[:, 3] - boxes[:, 1])


def quantile(values: Floats, count: Ints, share: float) -> Floats:
    """The quantile (N,) of each ``count`` (N,) of values (R,), between two of them by a line."""
    ordered = values.copy()
    for part in np.split(ordered, np.cumsum(count)[:-1]):
        part.sort()
    first, place = np.cumsum(count) - count, share * (count - 1)
    low = place.astype(np.int64)
    high, share_above = first + np.minimum(low + 1, count - 1), place - low
    between: Floats = (1 - share_above) * ordered[first + low] + share_above * ordered[high]
    return between


def stacked(parts: Sequence[Tracklet]) -> Tracklet:
    """The rows of all parts one after another, without appearance."""
    columns = {
        f.name: stack([getattr(p, f.name) for p in parts], None)
        for f in fields(Tracklet)
        if f.name not in ("appearance", "occlusion")
    }
    return Tracklet(**columns)


def split(whole: Tracklet, count: Ints) -> list[Tracklet]:
    """``whole`` cut into tracklets of ``count`` (N,) observations, one after another."""
    ends = np.cumsum(count)
    begins = (ends - count).tolist()
    spans = [slice(a, b) for a, b in zip(begins, ends.tolist(), strict=True)]
    columns: list[Any] = [
        repeat(None) if column is None else [column[span] for span in spans]
        for column in vars(whole).values()
    ]
    return list(map(Tracklet, *columns))


def chosen(tracklets: Sequence[Tracklet], kept: NDArray[np.bool_]) -> list[Tracklet]:
    """The tracklets, without appearance, with only those of their observations (R,), one after
    another, that are ``kept``: at least one of each.
    """
    return split(stacked(tracklets).rows(kept), np.bincount(owners(tracklets)[kept]))


def lengths(tracklets: Sequence[Tracklet]) -> Ints:
    """How many observations each (N,) has."""
    return np.array([len(t.frames) for t in tracklets], np.int64)


def owners(tracklets: Sequence[Tracklet]) -> Ints:
    """Whose (R,) each observation of tracklets one after another is, by place in ``tracklets``."""
    return np.repeat(np.arange(len(tracklets)), lengths(tracklets))


def join(chains: Sequence[Sequence[Tracklet]]) -> list[Tracklet]:
    """One tracklet of every chain, parts of one person, without appearance; of two observations in
    one frame the better one is kept.
    """
    parts = [part for chain in chains for part in chain]
    if not parts:
        return []
    whole = stacked(parts)
    owner = np.repeat(np.arange(len(chains)), list(map(len, chains)))[owners(parts)]
    key = owner * (whole.frames.max() + 1) + whole.frames
    order = np.argsort(key, kind="stable")
    scores = whole.scores[order]
    begin = np.flatnonzero(np.diff(key[order], prepend=-1))
    best = np.repeat(np.maximum.reduceat(scores, begin), np.diff(begin, append=len(order)))
    order = order[scores == best]
    order = order[np.diff(key[order], prepend=-1) > 0]  # of equal ones the first
    return split(whole.rows(order), np.bincount(owner[order]))


def steadied(
    tracks: Sequence[Tracklet], camera: CameraPath | None, back: bool = False
) -> list[Tracklet]:
    """Tracklets in coordinates that stand still under the camera, or with ``back`` from them.
    Appearance is left out where it moves.
    """
    if camera is None or not tracks:
        return list(tracks)
    whole = stacked(tracks)
    boxes, joints = camera.boxes(whole.frames, whole.boxes, back), whole.keypoints
    if joints is not None:
        joints = camera.points(whole.frames, joints, back)
    moved = replace(whole, boxes=boxes, keypoints=joints)
    return split(moved, lengths(tracks))


def emit(tracklets: Sequence[Tracklet], seen: Sequence[Observation]) -> list[People]:
    """The people of every observation's frame, ids from 1 in order of first appearance."""
    frames = [s.index for s in seen]
    if not tracklets:
        return [_nobody(seen) for _ in frames]
    ordered = sorted(tracklets, key=lambda t: (t.first, t.boxes[0, 0], t.boxes[0, 1]))
    whole = stacked(ordered)
    order = np.argsort(whole.frames, kind="stable")
    whole, ids = whole.rows(order), owners(ordered)[order] + 1
    people = People(whole.boxes, whole.scores, ids, whole.keypoints, whole.keypoint_scores)
    begin = np.searchsorted(whole.frames, frames, side="left")
    end = np.searchsorted(whole.frames, frames, side="right")
    return [people[b:e] for b, e in zip(begin, end, strict=True)]


def _nobody(seen: Sequence[Observation]) -> People:
    """An empty frame of tracked people, with poses if the input has them."""
    posed = next((s.people for s in seen if s.people.keypoints is not None), None)
    return People.empty(posed).replace(track_ids=np.zeros(0, np.int64), action_scores=None)
