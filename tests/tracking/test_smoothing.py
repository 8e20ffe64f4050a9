import numpy as np
import pytest

from hie_cli.tracking.smoothing import fill, smooth
from hie_cli.tracking.tracklets import Tracklet

GRID = np.arange(100)


def track(frames, x, **more):
    x = np.asarray(x, float)
    boxes = np.stack([x, 0 * x, x + 10, 0 * x + 20], axis=1)
    return Tracklet(np.asarray(frames), boxes, np.full(len(x), 0.8), **more)


def test_a_track_without_gaps_is_left_alone():
    whole = track([3, 4, 5], [0, 1, 2])
    assert fill(whole, GRID, 20, 0.5) is whole
    assert fill(track([7], [0]), GRID, 20, 0.5).frames.tolist() == [7]


def test_a_gap_becomes_a_straight_line_of_lower_score():
    filled = fill(track([2, 6], [0, 8]), GRID, 20, 0.5)
    assert filled.frames.tolist() == [2, 3, 4, 5, 6]
    assert filled.boxes[:, 0].tolist() == [0, 2, 4, 6, 8]
    assert filled.scores.tolist() == pytest.approx([0.8, 0.4, 0.4, 0.4, 0.8])


def test_only_short_gaps_and_only_frames_that_exist():
    assert fill(track([2, 30], [0, 8]), GRID, 20, 0.5).frames.tolist() == [2, 30]
    mixed = fill(track([0, 4, 40, 44], [0, 4, 8, 12]), GRID[::2], 20, 0.5)
    assert mixed.frames.tolist() == [0, 2, 4, 40, 42, 44]


def test_joints_are_filled_where_both_sides_have_them():
    joints = np.zeros((2, 14, 2))
    joints[1] = 10
    joints[1, 5] = np.nan
    filled = fill(
        track([0, 2], [0, 4], keypoints=joints, keypoint_scores=np.full((2, 14), 0.6)), GRID, 5, 0.5
    )
    assert filled.keypoints[1, 0].tolist() == [5, 5]
    assert filled.keypoint_scores[1, 0] == pytest.approx(0.3)
    assert np.isnan(filled.keypoints[1, 5]).all()
    assert filled.keypoint_scores[1, 5] == 0


def test_smoothing_keeps_a_straight_walk_and_calms_jitter():
    straight = track(GRID[:40], 3.0 * GRID[:40])
    assert np.allclose(smooth(straight, 2.0).boxes, straight.boxes)
    rng = np.random.default_rng(0)
    noisy = track(GRID, 3.0 * GRID + rng.normal(0, 2, 100))
    before = np.abs(noisy.boxes[:, 0] - 3 * GRID).mean()
    after = np.abs(smooth(noisy, 2.0).boxes[:, 0] - 3 * GRID).mean()
    assert after < 0.6 * before


def test_too_short_or_switched_off_is_left_alone():
    short = track([1, 2], [0, 5])
    assert smooth(short, 2.0) is short
    noisy = track(GRID, GRID + np.random.default_rng(0).normal(0, 2, 100))
    assert (smooth(noisy, 0.0).boxes == noisy.boxes).all()
