"""Filling the gaps of a track and smoothing its boxes, as far as the evidence goes."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hie_cli.camera.path import CameraPath
from hie_cli.core import geometry
from hie_cli.core.geometry import ranges
from hie_cli.tracking.gaps import Crowd, missed_share
from hie_cli.tracking.kalman import Floats, to_boxes, to_centres
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracklets import (
    Ints,
    Tracklet,
    lengths,
    owners,
    quantile,
    shares,
    split,
    stacked,
)

LARGEST_SHIFT = 0.3  # heights: more is motion, not jitter
EXACT = 1e-4  # heights: a box less noisy than this is exact
DEPARTURE = 1.3  # deviations by which a way may leave the observations, root mean square
FREED = 2.0  # times as free is a track whose motion was expected too steady
SIZE_DOUBT = 0.67  # sizes are this much less free than ``motion.growth`` says, being noisier
CERTAIN = 0.98  # share of the top score from which a person is seen perfectly
HALF_WITHIN = 0.6745  # deviations from 0 within which half of normal noise lies
MISSES = 6.0  # times the mean miss: a gap up to this is a miss
MISTAKES = 0.01  # gaps in plain view, for each box: given boxes with fewer leave nobody out


def fill(tracks: Sequence[Tracklet], grid: Ints, longest: int, score: float) -> list[Tracklet]:
    """The tracks with their gaps of up to ``longest`` frames filled by straight lines.

    ``grid`` ascending: the frames that exist. A filled box keeps ``score`` times the lower of its
    two neighbours' scores; a joint is filled where both neighbours have it, in the same manner.
    """
    whole, owner = stacked(tracks), owners(tracks)
    steps, same = np.diff(whole.frames), owner[1:] == owner[:-1]
    before = np.flatnonzero(same & (steps > 1) & (steps <= longest))
    low = grid.searchsorted(whole.frames[before], "right")
    gap, place = ranges(low, grid.searchsorted(whole.frames[before + 1]))
    if not len(place):
        return list(tracks)
    new, a = grid[place], before[gap]
    b = a + 1
    share = (new - whole.frames[a]) / (whole.frames[b] - whole.frames[a])
    order = np.argsort(np.concatenate([np.arange(len(owner)), a]), kind="stable")

    def between(values: Floats) -> Floats:
        s = share.reshape(-1, *[1] * (values.ndim - 1))
        mixed: Floats = (1 - s) * values[a] + s * values[b]
        return mixed

    def lowered(values: Floats) -> Floats:
        weaker: Floats = score * np.minimum(values[a], values[b])
        return weaker

    def merged(old: Floats, filled: Floats) -> Floats:
        both: Floats = np.concatenate([old, filled])[order]
        return both

    keypoints, joint_scores = whole.keypoints, whole.keypoint_scores
    if keypoints is not None and joint_scores is not None:
        joints = between(keypoints)
        marks = np.where(geometry.known(joints), lowered(joint_scores), 0)
        keypoints, joint_scores = merged(keypoints, joints), merged(joint_scores, marks)
    filled = Tracklet(
        np.concatenate([whole.frames, new])[order],
        merged(whole.boxes, between(whole.boxes)),
        merged(whole.scores, lowered(whole.scores)),
        keypoints,
        joint_scores,
    )
    return split(filled, np.bincount(np.concatenate([owner, owner[a]])))


def supported(
    tracks: Sequence[Tracklet],
    filled: Sequence[Tracklet],
    crowd: Crowd,
    scale: ScoreScale,
    miss: float,
    camera: CameraPath | None = None,
) -> NDArray[np.bool_]:
    """Which observations (R,), one after another, of ``filled``, the tracks of the ``crowd`` with
    their gaps filled, to believe.

    Own ones; filled ones where the person was covered or out of the picture, or the gap is short
    beside the time ``miss`` (s) for which people in plain view go undetected. A gap between two
    top scores is none of these: who is seen so well does not vanish. Where boxes are given
    (``scale.doubtful``), scores and cover explain nothing, and people are missing by mistake or
    not at all: short gaps are filled if enough of them are in plain view. ``camera``: in whose
    steady coordinates ``filled`` are.
    """
    given = not scale.doubtful
    longest = MISSES * miss
    if given and missed_share(tracks, crowd) < MISTAKES:
        longest = 0.0
    frames = np.concatenate([t.frames for t in tracks])
    span = frames.max() + 1
    key = owners(tracks) * span + frames
    owner, shown = owners(filled), np.concatenate([t.frames for t in filled])
    place = key.searchsorted(owner * span + shown)
    believed: NDArray[np.bool_] = frames[place] == shown
    made = np.flatnonzero(~believed)
    after, owner = place[made], owner[made]
    boxes = np.concatenate([t.boxes for t in filled])[made]
    if camera is not None:
        boxes = camera.boxes(shown[made], boxes, back=True)
    excused = crowd.excused(shown[made], boxes, owner, owner)
    share = shares(tracks, scale)
    short = (frames[after] - frames[after - 1] - 1) / crowd.video.fps <= longest
    doubtful = np.minimum(share[after - 1], share[after]) < CERTAIN
    believed[made] = short if given else doubtful & (excused | short)
    return believed


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
    motion = config.motion
    lack, count = config.smooth * (1 - shares(tracks, scale)), lengths(tracks)
    most = np.maximum.reduceat(lack, np.cumsum(count) - count)
    noisy = (count >= 3) & (max(least) + most > EXACT)
    moved = [t for t, noise in zip(tracks, noisy, strict=True) if noise]
    if not moved:
        return list(tracks)
    # All of these stand one after another in one system of equations, every frame a row.
    lack, count = lack[np.repeat(noisy, count)], count[noisy]
    first = np.array([t.first for t in moved])
    length = np.array([t.last for t in moved]) - first + 1
    begin = np.cumsum(length) - length
    row = np.concatenate([t.frames for t in moved]) + np.repeat(begin - first, count)
    values = np.ascontiguousarray(to_centres(np.concatenate([t.boxes for t in moved])).T)
    height = np.maximum(values[3], 1.0)
    owner = np.repeat(np.arange(len(moved)), length)
    weight = np.zeros((2, len(owner)))  # of centres and of sizes: 1 / variance, 0 where unseen
    for part, noise in zip(weight, least, strict=True):
        part[row] = 1 / (np.maximum(noise + lack, EXACT) * height) ** 2
    centres = np.zeros((4, len(owner)))
    centres[:, row] = values
    bends = np.repeat(1 / quantile(height, count, 0.5) ** 2, length)
    bends[begin + length - 1] = bends[begin + length - 2] = 0  # second differences begin elsewhere
    ways = [
        _within_noise(known, centres[part], fps**3 / freedom**2 * bends, owner).take(row, axis=1)
        for known, part, freedom in (
            (weight[0], slice(0, 2), motion.acceleration),
            (weight[1], slice(2, 4), SIZE_DOUBT * motion.growth),
        )
    ]
    limit = LARGEST_SHIFT * height
    boxes = to_boxes((values + np.clip(np.concatenate(ways) - values, -limit, limit)).T)
    parts = iter(np.split(boxes, np.cumsum(count)[:-1]))
    return [
        replace(t, boxes=next(parts)) if noise else t
        for t, noise in zip(tracks, noisy, strict=True)
    ]


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
        known, there = weight[rows], values.take(rows, axis=1)
        smoothed[:, rows] = way = _smoothest(known, there, stiffness[rows])
        off = (known * (way - there) ** 2).max(axis=0)
        stiff = np.bincount(owner[rows], off, len(seen)) > DEPARTURE**2 * seen
        rows = rows[stiff[owner[rows]]]
        stiffness[rows] /= FREED**2
    return smoothed


def _smoothest(weight: Floats, values: Floats, stiffness: Floats) -> Floats:
    """The way x (C, T) of least ``weight`` * (x - values)² + stiffness * second differences².

    weight (T,): 1 / variance, 0 where nothing was observed · values (C, T) · stiffness (T,): of the
    second difference that begins there; 0 at the last two.
    """
    from scipy.linalg import solveh_banded

    bends = stiffness[:-2]
    bands = np.zeros((3, len(weight)))  # the diagonal and below it: SciPy solves these faster
    bands[0] = weight + 1e-12
    bands[0, :-2] += bends
    bands[0, 1:-1] += 4 * bends
    bands[0, 2:] += bends
    bands[1, :-2] -= 2 * bends
    bands[1, 1:-1] -= 2 * bends
    bands[2, :-2] += bends
    way: Floats = solveh_banded(bands, (weight * values).T, lower=True).T
    return way
