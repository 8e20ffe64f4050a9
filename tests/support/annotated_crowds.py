"""Seeded random crowds for the evaluation tests, with the errors that trackers make."""

import numpy as np

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.types import ExactPeople, FramePeople


def annotations(boxes, ids=None, ignore=None, **fields) -> Annotations:
    """Truth of one frame from plain lists."""
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    n = len(boxes)
    return Annotations(
        boxes,
        np.arange(n) if ids is None else np.asarray(ids),
        np.zeros(n, bool) if ignore is None else np.asarray(ignore, bool),
        **fields,
    )


def people(boxes, ids=None, scores=None, **fields) -> ExactPeople:
    """Predictions of one frame from plain lists, in float64 as files are read."""
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    scores = np.ones(len(boxes)) if scores is None else scores
    return ExactPeople(boxes, scores, track_ids=ids, **fields)


def crowd(
    seed: int,
    frames: int = 30,
    persons: int = 8,
    *,
    grid: float | None = None,
    ignored: float = 0.0,
    unannotated: float = 0.0,
    size: float = 200.0,
    joints: bool = False,
) -> tuple[TruthSequence, list[FramePeople]]:
    """A crowd on a square of ``size`` px and a bad tracker's view of it.

    Persons come and go, some frames are empty on either side, detections jitter, miss, double and
    switch ids. ``grid`` snaps all coordinates (2 decimals otherwise, so that files can hold them).
    """
    rng = np.random.default_rng(seed)
    snap = (lambda x: np.round(x / grid) * grid) if grid else (lambda x: np.round(x, 2))
    place = rng.uniform(0, size, (persons, 2))
    speed = rng.normal(0, size / 80, (persons, 2))
    extent = rng.uniform(size / 8, size / 4, (persons, 2))
    shape = rng.uniform(0.1, 0.9, (14, 2))
    alias = rng.permutation(persons) + 3
    truth, found = [], []
    for t in range(frames):
        corner = place + speed * t
        here = rng.random(persons) < (0 if rng.random() < 0.05 else 0.85)
        boxes = snap(np.concatenate([corner, corner + extent], 1))
        poses = np.round(corner[:, None] + shape * extent[:, None], 2)
        fields, seen = {}, {}
        if joints:
            visibility = rng.choice([1, 1, 1, 0, -1], (persons, 14))
            visibility[rng.random(persons) < 0.1] = -1
            kept = np.where((visibility >= 0)[..., None], poses, np.nan)
            fields = {"keypoints": kept[here], "visibility": visibility[here]}
        truth.append(
            annotations(
                boxes[here],
                np.flatnonzero(here) + 1,
                rng.random(here.sum()) < ignored,
                annotated=rng.random() >= unannotated,
                **fields,
            )
        )
        for person in range(persons):
            if rng.random() < 0.03:
                other = rng.integers(persons)
                alias[[person, other]] = alias[[other, person]]
        taken = rng.random(persons) < (0 if rng.random() < 0.05 else 0.8)
        noise = rng.normal(0, size / 60, (persons, 2))
        guess = np.concatenate([corner + noise, corner + extent + noise * rng.random()], 1)
        false = rng.integers(0, 4)
        corner_false = rng.uniform(0, size, (false, 2))
        boxes = snap(
            np.concatenate([guess[taken], np.concatenate([corner_false, corner_false + 30], 1)])
        )
        ids = np.concatenate([alias[taken], 100 + rng.permutation(8)[:false]])
        if joints:
            points = poses + noise[:, None] + rng.normal(0, size / 80, poses.shape)
            wrong = corner_false[:, None] + shape * 30
            points = np.round(np.concatenate([points[taken], wrong]), 2)
            lost = rng.random(points.shape[:2]) < 0.2
            lost[rng.random(len(points)) < 0.05] = True
            seen = {
                "keypoints": np.where(lost[..., None], np.nan, points),
                "keypoint_scores": np.round(rng.random(lost.shape), 4),
            }
        scores = np.round(rng.random(len(boxes)), 2)
        order = rng.permutation(len(boxes))
        found.append(FramePeople(t, people(boxes, ids, scores, **seen)[order]))
    return TruthSequence(f"crowd{seed}", tuple(truth)), found
