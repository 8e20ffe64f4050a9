"""The detections of a frame as the tracker uses them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, VideoInfo
from hie_cli.tracking.kalman import Floats, Ints, MotionNoise, measured, to_centres
from hie_cli.tracking.settings import Observation

EDGE = 0.1  # heights: a box this near the edge of the picture touches it
CUT_OFF = 0.5  # share of a person taken to be hidden there
MOSTLY_SEEN = 0.3  # less hidden than this, a box shows its own person


@dataclass(frozen=True)
class Detections:
    """The M detections of a frame, or of frames of several chunks of the video side by side.

    boxes (M, 4) xyxy px · scores (M,) as shares of the top score · measured (2, M, 4) the boxes as
    measurements of the Kalman filter · occlusion (M,) the share of each box under nearer people ·
    chunk (M,) ascending: of which chunk each is · poses (M, 14, 2), appearance (M, D), each or None
    · speed (M, 2) px/s by flow, the camera's motion taken out, NaN where unknown, or None.
    """

    boxes: Floats
    scores: Floats
    measured: Floats
    occlusion: Floats
    chunk: Ints
    poses: Floats | None = None
    appearance: Floats | None = None
    speed: Floats | None = None

    @property
    def centres(self) -> Floats:
        """The boxes (M, 4) as centres and sizes."""
        centres: Floats = self.measured[0]
        return centres


def detected(
    seen: Sequence[Sequence[Observation]],
    boxes: Floats,
    scores: Floats,
    seconds: Sequence[float],
    video: VideoInfo,
    noise: MotionNoise,
) -> list[Detections]:
    """The detections of some frames: arithmetic on all at once takes hardly longer than on one.

    ``seen[t]``: of each chunk the frame at one time · boxes (R, 4) xyxy px, scores (R,) as shares:
    of all frames, one after another · seconds: of each time, since the one before.
    """
    centres, cut_off = to_centres(boxes), CUT_OFF * touches_edge(boxes, video)
    counts = [len(item.people) for items in seen for item in items]
    hidden = np.maximum(_covered(boxes, counts), cut_off)
    measurement = measured(centres, noise, 1 + hidden)
    chunk = np.repeat([c for items in seen for c in range(len(items))], counts)
    found, end = [], 0
    for items, since in zip(seen, seconds, strict=True):
        speeds = []
        begin = end
        for item in items:
            own = slice(end, end := end + len(item.people))
            speeds.append(_speed(centres[own, :2], hidden[own], item, since))
        rows = slice(begin, end)
        found.append(
            Detections(
                boxes[rows],
                scores[rows],
                measurement[:, rows],
                hidden[rows],
                chunk[rows],
                _side_by_side([item.people.keypoints for item in items]),
                _side_by_side([item.appearance for item in items]),
                _side_by_side(speeds),
            )
        )
    return found


def _covered(boxes: Floats, counts: Sequence[int]) -> Floats:
    """The share (R,) of boxes (R, 4) under the one of the nearer boxes that hides most of it;
    ``counts``: how many each frame has.
    """
    columns = np.ascontiguousarray(boxes.T)
    one, other = _beside(columns[0], columns[2], counts)
    bottom = columns[3]
    farther = bottom[one] < bottom[other]
    behind, before = np.where(farther, one, other), np.where(farther, other, one)
    hidden = (bottom[behind] < bottom[before]) & (columns[1][before] < bottom[behind])
    behind, before = behind[hidden], before[hidden]
    a, b = columns.take(behind, axis=1), columns.take(before, axis=1)
    shared = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    size = a[2:] - a[:2]
    share = shared[0] * shared[1] / np.maximum(size[0] * size[1], 1e-9)
    most = np.zeros(len(boxes))
    np.maximum.at(most, behind, share)
    return most


def _beside(left: Floats, right: Floats, counts: Sequence[int]) -> tuple[Ints, Ints]:
    """The pairs (K,), (K,) of intervals (R,) that overlap, of frames with ``counts`` of them.

    Sorted by where they begin, those that begin before one ends follow it: of all frames at once,
    laid side by side.
    """
    if not len(left):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if len(counts) > 1:
        aside = np.repeat(np.arange(len(counts)), counts) * (right.max() - left.min() + 1)
        left, right = left + aside, right + aside
    order = left.argsort(kind="stable")
    place = np.arange(len(order))
    follow = np.maximum(left[order].searchsorted(right[order]) - place - 1, 0)
    one = np.repeat(place, follow)
    other = np.arange(len(one)) - np.repeat(follow.cumsum() - follow, follow) + one + 1
    return order[one], order[other]


def _side_by_side(parts: Sequence[FloatArray | None]) -> Floats | None:
    """The rows of all parts as float64; None where a part is missing."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return np.asarray(known[0] if len(known) == 1 else np.concatenate(known), np.float64)


def touches_edge(boxes: Floats, video: VideoInfo) -> NDArray[np.bool_]:
    """Whether boxes (N, 4) come within ``EDGE`` of their height to the edge of the picture."""
    left, top, right, bottom = boxes.T
    margin = EDGE * (bottom - top)
    outside = (left < margin) | (top < margin)
    outside |= (right > video.width - margin) | (bottom > video.height - margin)
    return np.asarray(outside)


def _speed(
    centre: Floats, occlusion: Floats, observation: Observation, seconds: float
) -> Floats | None:
    """How fast people around centres (M, 2) moved, (M, 2) px/s, by the flow of ``seconds``, the
    camera's motion taken out; NaN where they are covered: those pixels are somebody else's.
    """
    if observation.flow is None or seconds <= 0:
        return None
    origin = centre - np.asarray(observation.flow, np.float64)
    if observation.camera is not None:
        x, y, w = np.asarray(observation.camera) @ np.vstack([origin.T, np.ones(len(origin))])
        origin = np.stack([x / w, y / w], axis=1)
    speed: Floats = (centre - origin) / seconds
    speed[occlusion > MOSTLY_SEEN] = np.nan
    return speed
