"""Filling the gaps of a track and smoothing its boxes, as far as the evidence goes."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.tracking.gaps import Crowd, missed_share
from hie_cli.tracking.kalman import Floats, to_boxes, to_centres
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracklets import Ints, Tracklet, shares

LARGEST_SHIFT = 0.3  # heights: more is motion, not jitter
EXACT = 1e-4  # heights: a box less noisy than this is exact
DEPARTURE = 1.3  # deviations by which a way may leave the observations, root mean square
FREED = 2.0  # times as free is a track whose motion was expected too steady
SIZE_DOUBT = 0.67  # sizes are this much less free than ``motion.growth`` says, being noisier
CERTAIN = 0.98  # share of the top score from which a person is seen perfectly
HALF_WITHIN = 0.6745  # deviations from 0 within which half of normal noise lies
MISSES = 6.0  # times the mean miss: a gap up to this is a miss
MISTAKES = 0.01  # gaps in plain view, for each box: given boxes with fewer leave nobody out


def fill(track: Tracklet, grid: Ints, longest: int, score: float) -> Tracklet:
    """The track with its gaps of up to ``longest`` frames filled by straight lines.

    ``grid`` ascending: the frames that exist. A filled box keeps ``score`` times the lower of its
    two neighbours' scores; a joint is filled where both neighbours have it, in the same manner.
    """
    steps = np.diff(track.frames)
    low, high = np.searchsorted(grid, [track.first, track.last])
    wanted = grid[low : high + 1]
    after = np.searchsorted(track.frames, wanted, side="left")
    missing = track.frames[after] != wanted
    missing &= steps[np.maximum(after - 1, 0)] <= longest if len(steps) else False
    if not missing.any():
        return track
    new = wanted[missing]
    b = after[missing]
    a = b - 1
    share = (new - track.frames[a]) / (track.frames[b] - track.frames[a])

    def between(values: Floats) -> Floats:
        s = share.reshape(-1, *[1] * (values.ndim - 1))
        mixed: Floats = (1 - s) * values[a] + s * values[b]
        return mixed

    def lowered(values: Floats) -> Floats:
        weaker: Floats = score * np.minimum(values[a], values[b])
        return weaker

    order = np.argsort(np.concatenate([track.frames, new]), kind="stable")

    def merged(old: Floats, filled: Floats) -> Floats:
        both: Floats = np.concatenate([old, filled])[order]
        return both

    keypoints, joint_scores = track.keypoints, track.keypoint_scores
    if keypoints is not None and joint_scores is not None:
        joints = between(keypoints)
        marks = np.where(geometry.known(joints), lowered(joint_scores), 0)
        keypoints, joint_scores = merged(keypoints, joints), merged(joint_scores, marks)
    return replace(
        track,
        frames=np.concatenate([track.frames, new])[order],
        boxes=merged(track.boxes, between(track.boxes)),
        scores=merged(track.scores, lowered(track.scores)),
        keypoints=keypoints,
        keypoint_scores=joint_scores,
    )


def supported(
    tracks: Sequence[Tracklet],
    filled: Sequence[Tracklet],
    crowd: Crowd,
    scale: ScoreScale,
    miss: float,
) -> list[NDArray[np.bool_]]:
    """Which observations (L,) of each ``filled``, a track of the ``crowd`` with its gaps filled, to
    believe.

    Own ones; filled ones where the person was covered or out of the picture, or the gap is short
    beside the time ``miss`` (s) for which people in plain view go undetected. A gap between two
    top scores is none of these: who is seen so well does not vanish. Where boxes are given
    (``scale.doubtful``), scores and cover explain nothing, and people are missing by mistake or
    not at all: short gaps are filled if enough of them are in plain view.
    """
    given = not scale.doubtful
    longest = MISSES * miss
    if given and missed_share(tracks, crowd) < MISTAKES:
        longest = 0.0
    places = [np.searchsorted(t.frames, f.frames) for t, f in zip(tracks, filled, strict=True)]
    own = [t.frames[p] == f.frames for t, f, p in zip(tracks, filled, places, strict=True)]
    made = [np.flatnonzero(~mask) for mask in own]
    count = [len(rows) for rows in made]
    frames = np.concatenate([f.frames[rows] for f, rows in zip(filled, made, strict=True)])
    boxes = np.concatenate([f.boxes[rows] for f, rows in zip(filled, made, strict=True)])
    owner = np.repeat(np.arange(len(tracks)), count)
    hidden = np.split(crowd.excused(frames, boxes, owner, owner), np.cumsum(count)[:-1])
    scores = shares(tracks, scale)
    for track, place, mask, rows, excused, share in zip(
        tracks, places, own, made, hidden, scores, strict=True
    ):
        if len(rows):
            after = place[rows]
            gap = (track.frames[after] - track.frames[after - 1] - 1) / crowd.video.fps
            short = gap <= longest
            doubtful = np.minimum(share[after - 1], share[after]) < CERTAIN
            mask[rows] = short if given else doubtful & (excused | short)
    return own


def smooth(
    tracks: Sequence[Tracklet], config: TrackConfig, scale: ScoreScale, fps: float
) -> list[Tracklet]:
    """The tracks with their boxes smoothed as far as they are noisy, and no further.

    Each coordinate is the most likely way of a point that is pushed by white acceleration
    (``config.motion``) and observed with a deviation of ``config.smooth_least`` heights and, times
    the share that a box's score lacks to the top on the ``scale``, ``config.smooth``; of a track
    that this would move by more than its deviations, the acceleration is larger. Boxes whose
    scores never differ are exact and stay; where they hardly differ, the boxes' own noise takes the
    place of ``smooth_least``. No side moves by more than ``LARGEST_SHIFT`` of the height. Joints
    stay as they are: they belong to the pose stages.
    """
    if config.smooth <= 0 or not tracks:
        return list(tracks)
    least = (config.smooth_least,) * 2
    if not scale.doubtful:
        least = white_noise(tracks) if scale.varied else (0.0, 0.0)
    motion, lacking = config.motion, [config.smooth * (1 - s) for s in shares(tracks, scale)]
    noisy = [
        k
        for k, (t, lack) in enumerate(zip(tracks, lacking, strict=True))
        if len(t) >= 3 and max(least) + lack.max() > EXACT
    ]
    if not noisy:
        return list(tracks)
    # All tracks stand one after another in one system of equations, every frame a row.
    count = [len(tracks[k]) for k in noisy]
    length = np.array([tracks[k].last - tracks[k].first + 1 for k in noisy])
    begin = np.cumsum(length) - length
    row = np.concatenate(
        [tracks[k].frames - tracks[k].first + b for k, b in zip(noisy, begin, strict=True)]
    )
    values = to_centres(np.concatenate([tracks[k].boxes for k in noisy]))
    height = np.maximum(values[:, 3], 1.0)
    ends = np.cumsum(count)[:-1]
    lack = np.concatenate([lacking[k] for k in noisy])
    owner = np.repeat(np.arange(len(noisy)), length)
    weight = np.zeros((2, len(owner)))  # of centres and of sizes: 1 / variance, 0 where unseen
    for part, noise in zip(weight, least, strict=True):
        part[row] = (np.maximum(noise + lack, EXACT) * height) ** -2
    centres = np.zeros((len(owner), 4))
    centres[row] = values
    bends = np.repeat([np.median(part) for part in np.split(height, ends)], length) ** -2.0
    bends[begin + length - 1] = bends[begin + length - 2] = 0  # second differences begin elsewhere
    smoothed = np.hstack(
        [
            _within_noise(known, centres[:, part], fps**3 / freedom**2 * bends, owner)[row]
            for known, part, freedom in (
                (weight[0], slice(0, 2), motion.acceleration),
                (weight[1], slice(2, 4), SIZE_DOUBT * motion.growth),
            )
        ]
    )
    limit = LARGEST_SHIFT * height[:, None]
    boxes = to_boxes(values + np.clip(smoothed - values, -limit, limit))
    result = list(tracks)
    for k, part in zip(noisy, np.split(boxes, ends), strict=True):
        result[k] = replace(tracks[k], boxes=part)
    return result


def white_noise(tracks: Sequence[Tracklet]) -> tuple[float, float]:
    """Deviations of centres and of sizes, in heights, of noise independent from frame to frame.

    Motion hardly has third differences over three frames; such noise has them with 20 times its
    variance (1 + 9 + 9 + 1).
    """
    third = [np.zeros((0, 4))]
    for track in tracks:
        values = to_centres(track.boxes)
        change = np.diff(values, n=3, axis=0) / np.maximum(values[3:, 3:], 1.0)
        third.append(np.abs(change[track.frames[3:] - track.frames[:-3] == 3]))
    changes = np.concatenate(third)
    if not len(changes):
        return 0.0, 0.0
    scale = HALF_WITHIN * math.sqrt(20)
    return float(np.median(changes[:, :2]) / scale), float(np.median(changes[:, 2:]) / scale)


def _within_noise(weight: Floats, values: Floats, stiffness: Floats, owner: Ints) -> Floats:
    """``_smoothest`` of several tracks, each as stiff as its own observations allow.

    Who moves or grows faster than expected leaves the smoothest way by more than noise would, over
    ``DEPARTURE``: that track's stiffness is lowered until it does not (the discrepancy principle,
    Morozov 1966). weight, values, stiffness: as ``_smoothest`` · owner (T,)
    ascending: the track of each row.
    """
    smoothed = np.empty_like(values)
    seen = np.bincount(owner, weight > 0)
    rows = np.arange(len(owner))
    while len(rows):
        smoothed[rows] = _smoothest(weight[rows], values[rows], stiffness[rows])
        off = (weight[rows, None] * (smoothed[rows] - values[rows]) ** 2).max(axis=1)
        stiff = np.bincount(owner[rows], off, len(seen)) > DEPARTURE**2 * seen
        rows = rows[stiff[owner[rows]]]
        stiffness[rows] /= FREED**2
    return smoothed


def _smoothest(weight: Floats, values: Floats, stiffness: Floats) -> Floats:
    """The way x (T, C) of least ``weight`` * (x - values)² + stiffness * second differences².

    weight (T,): 1 / variance, 0 where nothing was observed · values (T, C) · stiffness (T,): of the
    second difference that begins there; 0 at the last two.
    """
    from scipy.linalg import solveh_banded

    bends = stiffness[:-2]
    bands = np.zeros((3, len(weight)))
    bands[2] = weight + 1e-12
    bands[2, :-2] += bends
    bands[2, 1:-1] += 4 * bends
    bands[2, 2:] += bends
    bands[1, 1:-1] -= 2 * bends
    bands[1, 2:] -= 2 * bends
    bands[0, 2:] += bends
    way: Floats = solveh_banded(bands, weight[:, None] * values)
    return way
