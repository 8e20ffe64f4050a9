"""Leaving out what is no person's track of its own: doubles and doubtful ones."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import paired_iou
from hie_cli.tracking.kalman import Floats
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracklets import Tracklet

SAMPLES = 9  # sightings of a tracklet at which it is compared with a longer one


def drop_duplicates(tracklets: Sequence[Tracklet], config: TrackConfig) -> list[Tracklet]:
    """Without tracklets that all along lie on a longer one: a second view of the same person."""
    if not tracklets:
        return []
    first, last = (np.array([getattr(t, end) for t in tracklets]) for end in ("first", "last"))
    low = np.array([t.boxes[:, :2].min(axis=0) for t in tracklets])
    high = np.array([t.boxes[:, 2:].max(axis=0) for t in tracklets])
    within = np.asarray((first[:, None] >= first) & (last[:, None] <= last))
    near = np.asarray((low[:, None] < high).all(axis=2) & (low < high[:, None]).all(axis=2))
    np.fill_diagonal(within, False)
    short, long = np.nonzero(within & near)
    doubles = _mean_overlap(tracklets, short, long) > config.duplicate_overlap
    length = np.array([len(t) for t in tracklets])
    kept = np.ones(len(tracklets), bool)
    for k in np.lexsort((-np.arange(len(tracklets)), length)).tolist():  # the shortest first
        kept[k] = not kept[long[doubles & (short == k)]].any()
    return [t for t, keep in zip(tracklets, kept, strict=True) if keep]


def _mean_overlap(
    tracklets: Sequence[Tracklet], short: NDArray[np.int64], long: NDArray[np.int64]
) -> Floats:
    """Mean IoU (K,) of pairs of tracklets at ``SAMPLES`` sightings of the short one.

    Where the long one is unseen a sample says nothing; 0 where that is more than half of them.
    """
    length = np.array([len(t) for t in tracklets])
    start = np.cumsum(length) - length
    frames = np.concatenate([t.frames for t in tracklets])
    boxes = np.concatenate([t.boxes for t in tracklets])
    span = int(frames.max()) + 1
    key = np.repeat(np.arange(len(tracklets)), length) * span + frames
    share = (np.arange(SAMPLES) + 0.5) / SAMPLES
    here = start[short][:, None] + (length[short][:, None] * share).astype(np.int64)
    wanted = long[:, None] * span + frames[here]
    there = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    both = key[there] == wanted
    overlap = paired_iou(boxes[here[both]], boxes[there[both]])
    total = np.bincount(np.nonzero(both)[0], overlap, minlength=len(short))
    count = both.sum(axis=1)
    return np.where(2 * count >= SAMPLES, total / np.maximum(count, 1), 0.0)


def drop_flashes(tracks: Sequence[Tracklet], shortest: float, whole: float) -> list[Tracklet]:
    """Without tracks that span less than ``shortest`` frames: mostly false detections.

    In a video that itself spans only ``whole`` frames, a quarter of these is enough.
    """
    return [t for t in tracks if t.last - t.first >= min(shortest, whole / 4)]


def drop_weak(tracks: Sequence[Tracklet], config: TrackConfig) -> list[Tracklet]:
    """Without tracks of a mean score under ``min_score``."""
    return [t for t in tracks if t.scores.mean() >= config.min_score]
