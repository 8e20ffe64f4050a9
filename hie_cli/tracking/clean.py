"""Leaving out what is no person's track of its own: doubles and doubtful ones."""

from collections.abc import Sequence

import numpy as np

from hie_cli.tracking.kalman import Floats
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracklets import Tracklet


def paired_iou(a: Floats, b: Floats) -> Floats:
    """IoU (K,) of boxes (K, 4) and (K, 4), row by row."""
    size = np.maximum(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0)
    inter = size[:, 0] * size[:, 1]
    union = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1]) - inter
    union += (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    overlap: Floats = inter / np.maximum(union, 1e-9)
    return overlap


def drop_duplicates(tracklets: Sequence[Tracklet], config: TrackConfig) -> list[Tracklet]:
    """Without tracklets that all along lie on a longer one: a second view of the same person."""
    if not tracklets:
        return []
    first, last = (np.array([getattr(t, end) for t in tracklets]) for end in ("first", "last"))
    low = np.array([t.boxes[:, :2].min(axis=0) for t in tracklets])
    high = np.array([t.boxes[:, 2:].max(axis=0) for t in tracklets])
    within = np.asarray((first[:, None] >= first) & (last[:, None] <= last))
    near = np.asarray((low[:, None] < high).all(axis=2) & (low < high[:, None]).all(axis=2))
    length = np.array([len(t) for t in tracklets])
    dropped = np.zeros(len(tracklets), bool)
    for k in np.lexsort((-np.arange(len(tracklets)), length)):  # the shortest first
        rivals = np.flatnonzero(within[k] & near[k] & ~dropped)
        dropped[k] = any(
            m != k and _doubles(tracklets[k], tracklets[m], config) for m in rivals.tolist()
        )
    return [t for t, gone in zip(tracklets, dropped, strict=True) if not gone]


def _doubles(short: Tracklet, long: Tracklet, config: TrackConfig) -> bool:
    """Whether ``short`` lies on ``long`` in at least half of its frames, on average."""
    middle = len(short) // 2  # most pairs are far apart there, which is quickly seen
    beside = int(np.searchsorted(long.frames, short.frames[middle]))
    x1, y1, x2, y2 = short.boxes[middle]
    u1, v1, u2, v2 = long.boxes[beside]
    if long.frames[beside] == short.frames[middle] and not (
        x1 < u2 and u1 < x2 and y1 < v2 and v1 < y2
    ):
        return False
    row = np.searchsorted(long.frames, short.frames)
    both = long.frames[row] == short.frames
    if both.sum() < 0.5 * len(short):
        return False
    overlap = paired_iou(short.boxes[both], long.boxes[row[both]])
    return float(overlap.mean()) > config.duplicate_overlap


def drop_flashes(tracks: Sequence[Tracklet], shortest: float, whole: float) -> list[Tracklet]:
    """Without tracks that span less than ``shortest`` frames: mostly false detections.

    In a video that itself spans only ``whole`` frames, a quarter of these is enough.
    """
    return [t for t in tracks if t.last - t.first >= min(shortest, whole / 4)]


def drop_weak(tracks: Sequence[Tracklet], config: TrackConfig) -> list[Tracklet]:
    """Without tracks of a mean score under ``min_score``."""
    return [t for t in tracks if t.scores.mean() >= config.min_score]
