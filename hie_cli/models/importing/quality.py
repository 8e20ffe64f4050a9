"""How well what a model says agrees with what the pictures show, 0 to 1."""

from collections.abc import Sequence

import numpy as np

from hie_cli.core.geometry import iou
from hie_cli.core.skeletons import LEFT_ANKLE, NOSE, RIGHT_ANKLE
from hie_cli.core.types import FloatArray, People
from hie_cli.models.importing.picture import View

_NEAR = 0.1  # of the person's height: a joint this near is right


def of_boxes(found: Sequence[People], views: Sequence[View]) -> float:
    """Average precision at IoU 0.5 over all views, times the mean IoU of the right boxes."""
    rows, total = [], 0
    for people, view in zip(found, views, strict=True):
        total += len(view.boxes)
        overlap = iou(people.boxes, view.boxes)
        for index in np.argsort(-people.scores, kind="stable"):
            best = int(overlap[index].argmax()) if overlap.shape[1] else 0
            value = float(overlap[index, best]) if overlap.shape[1] else 0.0
            rows.append((float(people.scores[index]), value if value >= 0.5 else 0.0))
            if value >= 0.5:
                overlap[:, best] = 0
    if not rows:
        return 0.0
    ordered = np.array([value for _, value in sorted(rows, key=lambda row: -row[0])])
    right = np.cumsum(ordered > 0)
    if not right[-1]:
        return 0.0
    precision = right / np.arange(1, len(ordered) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    ap = float(envelope[ordered > 0].sum()) / total
    return ap * float(ordered[ordered > 0].mean())


def people_seen(found: People, view: View) -> int:
    """How many of the view's people have a box of their own at IoU 0.5."""
    overlap = iou(found.boxes[: 3 * len(view.boxes)], view.boxes)
    return int((overlap.max(0, initial=0) >= 0.5).sum())


def of_joints(points: FloatArray, truth: FloatArray) -> float:
    """Share of the joints (N, 14, 2) that are right, less a tenth for joints left out.

    A set of keypoints may lack some of the 14 (NaN); these do not count as wrong.
    """
    height = truth[:, [LEFT_ANKLE, RIGHT_ANKLE], 1].mean(1) - truth[:, NOSE, 1]
    distance = np.linalg.norm(points - truth, axis=-1) / height[:, None]
    given = np.isfinite(distance)
    if not given.any():
        return 0.0
    right = np.where(given, distance, np.inf) <= _NEAR
    return float(right.sum() / given.sum()) - 0.1 * float(1 - given.mean())


def of_vectors(now: FloatArray, before: FloatArray) -> tuple[float, int]:
    """Of vectors (N, D) of the same N people in two pictures: the mean margin between the same
    person and the likest other one over the spread of all likenesses, and how many are likest
    themselves.
    """
    alike = np.asarray(now @ before.T, np.float64)
    own = alike.diagonal()
    others = alike - 10 * np.eye(len(alike))
    margin = (own - others.max(1) + own - others.max(0)) / 2
    spread = float(alike.std()) + 1e-9
    return float(margin.mean()) / spread, int((own > others.max(1)).sum())
