"""Leaving out what is no person's track of its own: doubles and doubtful ones."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hie_cli.camera.path import CameraPath
from hie_cli.core.geometry import paired_iou, pairs_where
from hie_cli.tracking.kalman import Floats
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracklets import Ints, Tracklet, lengths, owners, quantile, shares, steadied

SURE = 0.875  # quantile of a track's scores that has to be sure
CERTAIN, THRICE = 0.98, 3  # mean score, and least length, from which the shortest track counts
# What is no person does not walk: heights in view, and least seconds of observations.
WALK, WALK_SECONDS = 1.2, 1.0
SAMPLES = 9  # observations of a tracklet at which it is compared with a longer one


def drop_duplicates(tracklets: Sequence[Tracklet], config: TrackConfig) -> list[Tracklet]:
    """Without tracklets that all along lie on a longer one: a second view of the same person."""
    if not tracklets:
        return []
    short, long = _within(tracklets)
    double = _mean_overlap(tracklets, short, long) > config.duplicate_overlap
    longer: dict[int, list[int]] = {}
    for k, other in zip(short[double].tolist(), long[double].tolist(), strict=True):
        longer.setdefault(k, []).append(other)
    kept = [True] * len(tracklets)
    for k in sorted(longer, key=lambda k: (len(tracklets[k]), -k)):  # the shortest first
        kept[k] = not any(kept[other] for other in longer[k])
    return [t for t, keep in zip(tracklets, kept, strict=True) if keep]


def _within(tracklets: Sequence[Tracklet]) -> tuple[Ints, Ints]:
    """Pairs of tracklets (K,), (K,): the first's time lies within the second's, and the rectangles
    around all of their boxes overlap.
    """
    first, last = (np.array([getattr(t, end) for t in tracklets]) for end in ("first", "last"))
    boxes = np.concatenate([t.boxes for t in tracklets])
    length = lengths(tracklets)
    start = np.cumsum(length) - length
    low = np.minimum.reduceat(boxes[:, :2], start).T
    high = np.maximum.reduceat(boxes[:, 2:], start).T
    within = (first[:, None] >= first) & (last[:, None] <= last)
    np.fill_diagonal(within, False)
    short, long = pairs_where(within)
    near = low.take(short, axis=1) < high.take(long, axis=1)
    near &= low.take(long, axis=1) < high.take(short, axis=1)
    both = np.flatnonzero(near[0] & near[1])
    return short.take(both), long.take(both)


def _mean_overlap(
    tracklets: Sequence[Tracklet], short: NDArray[np.int64], long: NDArray[np.int64]
) -> Floats:
    """Mean IoU (K,) of pairs of tracklets at ``SAMPLES`` observations of the short one.

    Where the long one is unseen a sample says nothing; 0 where that is more than half of them.
    """
    length = lengths(tracklets)
    start = np.cumsum(length) - length
    frames = np.concatenate([t.frames for t in tracklets])
    boxes = np.concatenate([t.boxes for t in tracklets])
    # For each tracklet and each frame from its first to its last, the row there.
    span = np.array([t.last - t.first + 1 for t in tracklets])
    begin = np.cumsum(span) - span - frames[start]
    row = np.full(span.sum(), -1)
    row[begin[owners(tracklets)] + frames] = np.arange(len(frames))
    share = (np.arange(SAMPLES) + 0.5) / SAMPLES
    here = start[short][:, None] + (length[short][:, None] * share).astype(np.int64)
    there = row[begin[long][:, None] + frames[here]]
    both = there >= 0
    corners = np.ascontiguousarray(boxes.T)
    overlap = paired_iou(*(corners.take(rows[both], axis=1).T for rows in (here, there)))
    total = np.bincount(np.nonzero(both)[0], overlap, minlength=len(short))
    count = both.sum(axis=1)
    return np.where(2 * count >= SAMPLES, total / np.maximum(count, 1), 0.0)


def drop_unsure(
    tracks: Sequence[Tracklet],
    config: TrackConfig,
    scale: ScoreScale,
    frames: Ints,
    fps: float,
    camera: CameraPath | None,
) -> list[Tracklet]:
    """Without tracks that never look like a person for sure, and those shorter than
    ``config.min_seconds``, unless the clip's beginning or end cuts them or they are certain.

    Sure is an eighth of the scores at ``sure_score`` on the ``scale``, at ``walker_score`` where
    it walked, or their mean at ``steady_score`` over ``steady_seconds``. In a short video a quarter
    of its ``frames`` (T,) is long enough.
    """
    if not tracks:
        return []
    rate = fps * (len(frames) - 1) / max(float(np.ptp(frames)), 1.0)  # of the frames that exist
    shortest = min(config.min_seconds * fps, float(np.ptp(frames)) / 4)
    count = lengths(tracks)
    first, last = (np.array([getattr(t, end) for t in tracks]) for end in ("first", "last"))
    seen = shares(tracks, scale)
    mean = np.add.reduceat(seen, np.cumsum(count) - count) / count
    best = quantile(seen, count, SURE)
    sure = best >= config.sure_score
    sure |= (count >= config.steady_seconds * rate) & (mean >= config.steady_score)
    asked = (best >= config.walker_score) & (count >= WALK_SECONDS * rate) & ~sure
    sure[asked] = (
        _walked(steadied([tracks[k] for k in np.flatnonzero(asked).tolist()], camera)) >= WALK
    )
    cut = (count > 1) & ((first <= frames[0]) | (last >= frames[-1]))
    cut |= (count >= THRICE) & (mean >= CERTAIN)
    kept = sure & (cut | (last - first >= shortest))
    return [t for t, keep in zip(tracks, kept.tolist(), strict=True) if keep]


def _walked(tracks: Sequence[Tracklet]) -> Floats:
    """How far each (N,) came in view: between its farthest places, in median heights, times the
    share of frames in which it was detected.
    """
    if not tracks:
        return np.zeros(0)
    count = lengths(tracks)
    start = np.cumsum(count) - count
    boxes = np.concatenate([t.boxes for t in tracks])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    way = np.maximum.reduceat(centres, start) - np.minimum.reduceat(centres, start)
    height = quantile(boxes[:, 3] - boxes[:, 1], count, 0.5)
    seen = count / np.array([t.last - t.first + 1 for t in tracks])
    walked: Floats = np.hypot(*way.T) / height * seen
    return walked
