"""What the learned recognisers see of a window: every person's joints and box over a few seconds.

Lengths are measured in the person's size (the usual longer side of the box within the clip), so
that near and far people look alike; times are resampled, so that frame rates do not matter.
"""

from dataclasses import dataclass

import numpy as np

from hie_cli.core import geometry
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import BoolArray, FloatArray, IntArray
from hie_cli.recognition.window import Track, Window

JOINT_CHANNELS = 6  # x, y from the box's centre; velocity x, y per second; score; present
BOX_CHANNELS = 8  # x, y from now; log width, log height; velocity x, y; growth; present
PAIR_CHANNELS = 11  # see ``_pairs``
LONGEST = 256  # instants that ``parallel`` can tell apart
LEAST_SCORE = 0.2  # joints below are taken as missing: a guess at 30 pixels jumps like a runner's
_FAST = 8.0  # sizes per second: velocities beyond are identity switches or noise


@dataclass(frozen=True)
class PoseClip:
    """N people over T instants: joints (N, T, 14, 6), boxes (N, T, 8), pairs (N, N, 11); float32.

    ``pairs[i, j]`` tells where j is, seen from i.
    """

    joints: FloatArray
    boxes: FloatArray
    pairs: FloatArray

    def __len__(self) -> int:
        return len(self.joints)


@dataclass(frozen=True)
class Sampling:
    """``length`` instants ``rate`` a second, the middle one being the window's frame."""

    rate: float = 8.0
    length: int = 25

    def __post_init__(self) -> None:
        if not (0 < self.rate <= 100 and 3 <= self.length <= 1000):
            raise ValueError(f"sampling: {self.length} instants, {self.rate:g} a second: no sense")

    @property
    def times(self) -> FloatArray:
        """Seconds (T,) from the window's frame."""
        return (np.arange(self.length) - self.length // 2) / self.rate

    @property
    def seconds(self) -> float:
        """How far the clip reaches back and ahead."""
        return (self.length // 2) / self.rate


def clip_of(window: Window, sampling: Sampling = Sampling()) -> PoseClip:
    """The clip round a window's frame; people of whom little is known have few present instants."""
    n, t = len(window.tracks), sampling.length
    joints = np.zeros((n, t, NUM_JOINTS, JOINT_CHANNELS), np.float32)
    boxes = np.zeros((n, t, BOX_CHANNELS), np.float32)
    places = np.zeros((n, t, 3))  # centre x, foot y, size; filled from the nearest known instant
    overlaps = np.array([track.boxes[track.now] for track in window.tracks]).reshape(n, 4)
    for i, track in enumerate(window.tracks):
        rows, present = _rows(track, sampling)
        size = _size(track, sampling)
        joints[i] = _joints(track, rows, present, size, sampling)
        boxes[i] = _box(track, rows, present, size, sampling)
        b = track.boxes[rows]
        places[i] = np.stack([(b[:, 0] + b[:, 2]) / 2, b[:, 3], np.full(t, size)], -1)
    return PoseClip(joints, boxes, _pairs(places, overlaps, sampling))


def _rows(track: Track, sampling: Sampling) -> tuple[IntArray, BoolArray]:
    """The track's row nearest to each instant (T,), and whether it is near enough (T,)."""
    wanted = sampling.times
    right = np.clip(np.searchsorted(track.times, wanted), 1, max(1, len(track.times) - 1))
    if len(track.times) == 1:
        rows = np.zeros(len(wanted), np.int64)
    else:
        nearer_left = wanted - track.times[right - 1] < track.times[right] - wanted
        rows = right - nearer_left
    return rows, np.abs(track.times[rows] - wanted) <= 0.6 / sampling.rate


def _size(track: Track, sampling: Sampling) -> float:
    near = track.boxes[track.near(sampling.seconds)]
    return max(1.0, float(np.median(np.max(near[:, 2:] - near[:, :2], axis=1))))


def _rates(values: FloatArray, known: BoolArray, rate: float) -> FloatArray:
    """Change per second (T, ..., C) from the instant before; 0 unless both are known (T, ...)."""
    change = np.zeros_like(values)
    both = (known[1:] & known[:-1])[..., None]
    change[1:] = np.where(both, np.diff(values, axis=0) * rate, 0)
    limited: FloatArray = np.clip(change, -_FAST, _FAST)
    return limited


def _joints(
    track: Track, rows: IntArray, present: BoolArray, size: float, sampling: Sampling
) -> FloatArray:
    b = track.boxes[rows]
    centre = (b[:, None, :2] + b[:, None, 2:]) / 2
    points = track.keypoints[rows]
    known = geometry.known(points) & present[:, None]
    known &= track.keypoint_scores[rows] >= LEAST_SCORE
    place = np.where(known[..., None], (points - centre) / size, 0)
    moved = np.where(known[..., None], points / size, 0)
    speed = _rates(moved, known, sampling.rate)
    scores = np.where(known, track.keypoint_scores[rows], 0)
    parts = [np.clip(place, -2, 2), speed, scores[..., None], known[..., None]]
    return np.concatenate(parts, -1)


def _box(
    track: Track, rows: IntArray, present: BoolArray, size: float, sampling: Sampling
) -> FloatArray:
    b = track.boxes[rows]
    now = track.boxes[track.now]
    centre = (b[:, :2] + b[:, 2:]) / 2 / size
    start = (now[:2] + now[2:]) / 2 / size
    sides = np.log(np.maximum(b[:, 2:] - b[:, :2], 1) / size)
    speed = _rates(centre, present, sampling.rate)
    growth = _rates(sides[:, 1:], present, sampling.rate)
    parts = [np.clip(centre - start, -10, 10), sides, speed, growth, np.ones((len(b), 1))]
    return np.concatenate(parts, -1) * present[:, None]


def _pairs(places: FloatArray, boxes: FloatArray, sampling: Sampling) -> FloatArray:
    """Seen from i, of j, at the clip's start, now and end: x and feet (i's sizes, asinh); the log
    of the size ratio; both's overlap now; mean relative velocity x, y; nearness now.
    """
    from hie_cli.core.geometry import iou

    n, t = len(places), sampling.length
    if not n:
        return np.zeros((0, 0, PAIR_CHANNELS), np.float32)
    size = places[:, 0, 2]
    scale = size[:, None, None]
    columns = []
    for instant in (0, t // 2, t - 1):
        at = places[:, instant, :2]
        columns.append(np.arcsinh((at[None] - at[:, None]) / scale))
    columns.append(np.log(size[None] / size[:, None])[..., None])
    columns.append(iou(boxes, boxes)[..., None])
    velocity = (places[:, -1, :2] - places[:, 0, :2]) / (2 * sampling.seconds)
    relative = (velocity[None] - velocity[:, None]) / scale
    columns.append(np.clip(relative, -_FAST, _FAST))
    now = places[:, t // 2, :2]
    gap = np.hypot(*np.moveaxis((now[None] - now[:, None]) / scale, -1, 0))
    columns.append(np.exp(-gap)[..., None])
    return np.concatenate(columns, -1).astype(np.float32)
