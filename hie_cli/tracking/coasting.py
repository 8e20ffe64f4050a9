"""Coasting: who is not detected for a moment is shown online where they are expected.

Somebody covered is still there. How often a lost track is found again where it was expected differs
between videos; it is counted as the video goes on, by how long the person has been unseen and by
whether a nearer person covers the place.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import paired_iou
from hie_cli.core.types import FloatArray, People
from hie_cli.tracking.kalman import Floats, to_centres

AGES = np.array([0.07, 0.14, 0.25, 0.4])  # s unseen: the upper ends of the classes of age
CLASSES = 2 * (len(AGES) + 1)  # of age, in plain view; then of age, covered
COVERED = 0.7  # share of the expected box under one nearer box
FOOT = 0.02  # heights: a nearer person's foot may be this much higher, by jitter
FOUND = 0.5  # IoU of the expected box and the detection that shows the person again
PRIOR = 10.0  # frames of each class, before any was seen ...
PRIOR_PLAIN, PRIOR_COVERED = 0.3, 0.55  # ... of which so many were right
BELIEVED = 0.5  # share of right ones from which a class is shown


class Coasting:
    """Counts of unseen frames, and of those among them that turned out right, by class."""

    def __init__(self) -> None:
        self._frames = np.full(CLASSES, PRIOR)
        self._right = PRIOR * np.repeat([PRIOR_PLAIN, PRIOR_COVERED], CLASSES // 2)

    def found(self, unseen: Floats, expected: Floats, boxes: Floats) -> None:
        """Tracks with ``unseen`` (N, CLASSES) frames, expected in boxes (N, 4), are in boxes."""
        right = paired_iou(expected, boxes) >= FOUND
        self._frames += unseen.sum(axis=0)
        self._right += unseen[right].sum(axis=0)

    def lost(self, unseen: Floats) -> None:
        """Tracks with ``unseen`` (N, CLASSES) frames were given up."""
        self._frames += unseen.sum(axis=0)

    def believed(self, classes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether frames of these classes (N,) are right more often than not."""
        share = self._right / self._frames
        likely: NDArray[np.bool_] = share[classes] > BELIEVED
        return likely


def class_of(seconds: Floats, expected: Floats, seen: Floats) -> NDArray[np.int64]:
    """The classes (N,) of tracks unseen for ``seconds`` (N,), expected in boxes (N, 4).

    ``seen`` (M, 4): boxes of those who are seen in this frame.
    """
    age = np.searchsorted(AGES, seconds)
    return age + CLASSES // 2 * (covered(expected, seen) >= COVERED)


def covered(boxes: Floats, seen: Floats) -> Floats:
    """The share (N,) of boxes (N, 4) under the one of the nearer boxes (M, 4) that hides most."""
    # Axis 0 is x, y: one operation does for both.
    low, high = boxes.T[:2, :, None], boxes.T[2:, :, None]
    shared = np.minimum(high, seen.T[2:, None]) - np.maximum(low, seen.T[:2, None])
    np.maximum(shared, 0, out=shared)
    wide, tall = high - low
    share = shared[0] * shared[1]
    share /= np.maximum(wide * tall, 1e-9)
    share[seen[:, 3] < high[1] - FOOT * tall] = 0
    most: Floats = share.max(axis=1, initial=0.0)
    return most


def moved(seen: Sequence[tuple[People, int]], boxes: FloatArray, score: float) -> People:
    """K people, each last seen as a row of ``seen``, now expected in boxes (K, 4), by ``score`` as
    sure.

    Joints keep their places in the box.
    """

    def known(name: str) -> NDArray[Any] | None:
        values = [getattr(people, name) for people, _ in seen]
        if any(value is None for value in values):
            return None
        return np.array([value[row] for value, (_, row) in zip(values, seen, strict=True)])

    joints, marks = known("keypoints"), known("keypoint_scores")
    if joints is not None and marks is not None:
        before = np.array([people.boxes[row] for people, row in seen], np.float64)
        old, new = to_centres(before), to_centres(np.asarray(boxes, np.float64))
        scale = new[:, None, 2:] / np.maximum(old[:, None, 2:], 1.0)
        joints = new[:, None, :2] + (joints - old[:, None, :2]) * scale
        marks = score * marks
    scores = score * np.array([people.scores[row] for people, row in seen])
    return People(boxes, scores, known("track_ids"), joints, marks, known("action_scores"))
