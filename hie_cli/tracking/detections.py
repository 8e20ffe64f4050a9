"""The detections of a frame as the tracker uses them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import ranges
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

    def __getitem__(self, rows: slice) -> Self:
        return type(self)(
            self.boxes[rows],
            self.scores[rows],
            self.measured[:, rows],
            self.occlusion[rows],
            self.chunk[rows],
            None if self.poses is None else self.poses[rows],
            None if self.appearance is None else self.appearance[rows],
            None if self.speed is None else self.speed[rows],
        )

    @property
    def centres(self) -> Floats:
        """The boxes (M, 4) as centres and sizes."""
        centres: Floats = self.measured[0]
        return centres


def detected(
    seen: Sequence[Sequence[Observation]],
    boxes: Floats,
    used: NDArray[np.bool_],
    scores: Floats,
    seconds: Sequence[float],
    video: VideoInfo,
    noise: MotionNoise,
) -> list[Detections]:
    """The detections of some frames: arithmetic on all at once takes hardly longer than on one.

    ``seen[t]``: of each chunk the frame at one time · boxes (R, 4) xyxy px of the people of all
    frames, one after another · used (R,): who of them counts · scores (N,) of the N that do, as
    shares · seconds: of each time, since the one before.
    """
    every = [item for items in seen for item in items]
    sizes = [len(item.people) for item in every]
    covered = _covered(boxes, sizes)[used]  # by weak detections, too
    boxes, frame = boxes[used], np.repeat(np.arange(len(sizes)), sizes)[used]
    centres, cut_off = to_centres(boxes), CUT_OFF * touches_edge(boxes, video)
    hidden = np.maximum(covered, cut_off)
    chunk = np.array([c for items in seen for c in range(len(items))], np.int64)[frame]
    filled = [item for item in every if len(item.people)]
    poses = stack([item.people.keypoints for item in filled])
    appearance = stack([item.appearance for item in filled])
    whole = Detections(
        boxes,
        scores,
        measured(centres, noise, 1 + hidden),
        hidden,
        chunk,
        None if poses is None else poses[used],
        None if appearance is None else appearance[used],
        _speeds(seen, seconds, used, centres, hidden),
    )
    frames = np.cumsum([len(items) for items in seen])
    return [whole[a:b] for a, b in pairwise([0, *frame.searchsorted(frames).tolist()])]


def stack(parts: Sequence[NDArray[Any] | None], dtype: type[np.generic] | None = np.float64) -> Any:
    """All parts in one array; None if there are none or one of them is None."""
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    return np.concatenate(known, dtype=dtype, casting="unsafe")


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
    one, other = ranges(np.arange(1, len(order) + 1), left[order].searchsorted(right[order]))
    return order[one], order[other]


def touches_edge(boxes: Floats, video: VideoInfo) -> NDArray[np.bool_]:
    """Whether boxes (N, 4) come within ``EDGE`` of their height to the edge of the picture."""
    left, top, right, bottom = boxes.T
    margin = EDGE * (bottom - top)
    outside = (left < margin) | (top < margin)
    outside |= (right > video.width - margin) | (bottom > video.height - margin)
    return np.asarray(outside)


def _speeds(
    seen: Sequence[Sequence[Observation]],
    seconds: Sequence[float],
    used: NDArray[np.bool_],
    centres: Floats,
    hidden: Floats,
) -> Floats | None:
    """How fast the people ``used`` (R,) around centres (N, 4) moved, (N, 2) px/s, by the flow, the
    camera's motion taken out; NaN where it is unknown or they are ``hidden`` (N,): those pixels are
    somebody else's. None where no flow is known.
    """
    if all(item.flow is None for items in seen for item in items):
        return None
    speeds = np.full((len(used), 2), np.nan)
    place = np.full((len(used), 2), np.nan)
    place[used] = centres[:, :2]
    end = 0
    for items, since in zip(seen, seconds, strict=True):
        for item in items:
            rows = slice(end, end := end + len(item.people))
            if item.flow is not None and since > 0:
                speeds[rows] = _speed(place[rows], item.flow, item.camera) / since
    speeds = speeds[used]
    speeds[hidden > MOSTLY_SEEN] = np.nan
    return speeds


def _speed(centre: Floats, flow: FloatArray, camera: FloatArray | None) -> Floats:
    """How far (M, 2) px those around centres (M, 2) moved by ``flow`` (M, 2) px, the camera's
    motion, a homography (3, 3), taken out.
    """
    origin = centre - np.asarray(flow, np.float64)
    if camera is not None:
        x, y, w = np.asarray(camera) @ np.vstack([origin.T, np.ones(len(origin))])
        origin = np.stack([x / w, y / w], axis=1)
    moved: Floats = centre - origin
    return moved
