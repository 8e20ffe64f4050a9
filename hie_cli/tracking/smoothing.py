"""Filling short gaps of a track and calming the jitter of its boxes."""

from dataclasses import replace

import numpy as np

from hie_cli.core import geometry
from hie_cli.tracking.kalman import Floats
from hie_cli.tracking.tracklets import Ints, Tracklet

LARGEST_SHIFT = 0.3  # heights: six times the jitter of good detections


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


def smooth(track: Tracklet, width: float) -> Tracklet:
    """The track with boxes smoothed by local straight-line fits, Gaussian of ``width`` frames.

    A line (not a mean) is fitted so that constant speed passes unchanged, also at the ends; each
    box weighs by its score. No side moves by more than ``LARGEST_SHIFT`` of the height: what is
    further off is motion, not jitter. Joints stay as they are: they belong to the pose stages.
    """
    if width <= 0 or len(track) < 3:
        return track
    reach = max(1, int(np.ceil(3 * width)))
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets / width) ** 2)
    # One column a frame, of weight 0 where the track is unseen: neighbours are at fixed places.
    row = track.frames - track.frames[0]
    weight = np.maximum(track.scores, 1e-3)
    grid = np.zeros((5, int(row[-1]) + 2 * reach + 1))
    grid[:, row + reach] = weight * np.vstack([np.ones_like(weight), track.boxes.T])
    near = np.lib.stride_tricks.sliding_window_view(grid, len(offsets), axis=1)
    moments = (kernel * offsets ** np.arange(3)[:, None]).T
    sums = (near @ moments)[:, row]  # (5, L, 3)
    s0, s1, s2 = sums[0].T
    b0, b1, _ = sums[1:].transpose(2, 1, 0)  # (L, 4) each
    spread = s0 * s2 - s1**2
    flat = spread <= 1e-9 * s0 * np.maximum(s2, 1e-9)
    line = (s2[:, None] * b0 - s1[:, None] * b1) / np.where(flat, 1.0, spread)[:, None]
    boxes = np.where(flat[:, None], b0 / s0[:, None], line)
    limit = LARGEST_SHIFT * (track.boxes[:, 3:] - track.boxes[:, 1:2])
    return replace(track, boxes=track.boxes + np.clip(boxes - track.boxes, -limit, limit))
