"""Leaving out what is no person's track of its own: doubles and doubtful ones."""

from collections.abc import Sequence

import numpy as np

from hie_cli.tracking.kalman import Floats
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracklets import Tracklet


def paired_iou(a: Floats, b: Floats) -> Floats:
    """IoU (K,) of boxes (K, 4) and (K, 4), row by row."""
    size = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    inter = np.prod(np.maximum(size, 0), axis=1)
    union = np.prod(a[:, 2:] - a[:, :2], axis=1) + np.prod(b[:, 2:] - b[:, :2], axis=1) - inter
    overlap: Floats = inter / np.maximum(union, 1e-9)
    return overlap


def drop_duplicates(tracklets: Sequence[Tracklet], config: TrackConfig) -> list[Tracklet]:
    """Without tracklets that all along lie on a longer one: a second view of the same person."""
    order = sorted(range(len(tracklets)), key=lambda k: (-len(tracklets[k]), k))
    kept: list[int] = []
    for k in order:
        if not any(_doubles(tracklets[k], tracklets[m], config) for m in kept):
            kept.append(k)
    return [tracklets[k] for k in sorted(kept)]


def _doubles(short: Tracklet, long: Tracklet, config: TrackConfig) -> bool:
    if short.first < long.first or short.last > long.last:
        return False
    _, a, b = np.intersect1d(short.frames, long.frames, assume_unique=True, return_indices=True)
    if len(a) < 0.5 * len(short):
        return False
    return float(paired_iou(short.boxes[a], long.boxes[b]).mean()) > config.duplicate_overlap


def drop_flashes(tracklets: Sequence[Tracklet], config: TrackConfig, fps: float) -> list[Tracklet]:
    """Without those seen for less than ``confirm_seconds``: mostly false detections."""
    return [t for t in tracklets if t.last - t.first >= config.confirm_seconds * fps]


def drop_doubtful(tracks: Sequence[Tracklet], config: TrackConfig, fps: float) -> list[Tracklet]:
    """Without tracks of less than ``min_seconds`` or of a mean score under ``min_score``."""
    return [
        t
        for t in tracks
        if (t.last - t.first) >= config.min_seconds * fps and t.scores.mean() >= config.min_score
    ]
