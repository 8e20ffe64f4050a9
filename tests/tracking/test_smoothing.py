import numpy as np
import pytest

from hie_cli.camera.path import CameraPath
from hie_cli.core.types import VideoInfo
from hie_cli.tracking.gaps import Crowd
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.smoothing import DEPARTURE, fill, smooth, supported, white_noise
from hie_cli.tracking.tracklets import Tracklet, chosen

GRID = np.arange(100)


def track(frames, x, **more):
    x = np.asarray(x, float)
    boxes = np.stack([x, 0 * x, x + 10, 0 * x + 20], axis=1)
    return Tracklet(np.asarray(frames), boxes, np.full(len(x), 0.8), **more)


def filled_alone(item, grid=GRID, longest=20):
    (filled,) = fill([item], grid, longest, 0.5)
    return filled


def test_a_track_without_gaps_is_left_alone():
    whole = track([3, 4, 5], [0, 1, 2])
    assert filled_alone(whole) is whole
    assert filled_alone(track([7], [0])).frames.tolist() == [7]


def test_a_gap_becomes_a_straight_line_of_lower_score():
    filled = filled_alone(track([2, 6], [0, 8]))
    assert filled.frames.tolist() == [2, 3, 4, 5, 6]
    assert filled.boxes[:, 0].tolist() == [0, 2, 4, 6, 8]
    assert filled.scores.tolist() == pytest.approx([0.8, 0.4, 0.4, 0.4, 0.8])


def test_only_short_gaps_and_only_frames_that_exist():
    assert filled_alone(track([2, 30], [0, 8])).frames.tolist() == [2, 30]
    mixed = filled_alone(track([0, 4, 40, 44], [0, 4, 8, 12]), GRID[::2])
    assert mixed.frames.tolist() == [0, 2, 4, 40, 42, 44]


def test_every_track_keeps_its_own_gaps():
    """Between the first one's end and the second one's beginning there is no gap to fill."""
    tracks = [track([0, 3], [0, 6]), track([5, 7], [10, 30]), track([8, 9], [0, 1])]
    filled = fill(tracks, GRID, 20, 0.5)
    assert [t.frames.tolist() for t in filled] == [[0, 1, 2, 3], [5, 6, 7], [8, 9]]
    assert [t.boxes[:, 0].tolist() for t in filled] == [[0, 2, 4, 6], [10, 20, 30], [0, 1]]


def test_joints_are_filled_where_both_sides_have_them():
    joints = np.zeros((2, 14, 2))
    joints[1] = 10
    joints[1, 5] = np.nan
    marks = np.full((2, 14), 0.6)
    filled = filled_alone(track([0, 2], [0, 4], keypoints=joints, keypoint_scores=marks), longest=5)
    assert filled.keypoints[1, 0].tolist() == [5, 5]
    assert filled.keypoint_scores[1, 0] == pytest.approx(0.3)
    assert np.isnan(filled.keypoints[1, 5]).all()
    assert filled.keypoint_scores[1, 5] == 0


def scale(*scores):
    made = ScoreScale()
    for score in scores:
        made.add(np.full(1000, score), np.full(1000, 20.0))
    return made


def smoothed(item, doubt=0.2, top=0.9, least=0.0):
    config = TrackConfig(smooth=doubt, smooth_least=least)
    return smooth([item], config, scale(top, 0.5), 25.0)[0]


def test_smoothing_keeps_a_straight_walk_and_calms_jitter():
    straight = track(GRID[:40], 0.5 * GRID[:40])
    assert np.allclose(smoothed(straight).boxes, straight.boxes, atol=1e-4)
    rng = np.random.default_rng(0)
    noisy = track(GRID, 0.5 * GRID + rng.normal(0, 1, 100))  # (.03 + .2 / 9) 20 px = 1 px
    before = np.abs(noisy.boxes[:, 0] - 0.5 * GRID).mean()
    after = np.abs(smoothed(noisy, least=0.03).boxes[:, 0] - 0.5 * GRID).mean()
    assert after < 0.6 * before


def test_boxes_of_the_top_score_stay_as_they_are():
    rng = np.random.default_rng(0)
    noisy = track(GRID, GRID + rng.normal(0, 2, 100))
    assert smoothed(noisy, top=0.8) is noisy
    one_sure = track(GRID, GRID + rng.normal(0, 2, 100))
    one_sure.scores[50] = 0.9
    moved = np.abs(smoothed(one_sure).boxes - one_sure.boxes).max(axis=1)
    assert moved[50] < 0.01
    assert moved.max() > 0.5


def test_boxes_of_the_top_score_are_smoothed_where_scores_differ():
    rng = np.random.default_rng(0)
    noisy = track(GRID, GRID + rng.normal(0, 1, 100))
    config = TrackConfig(smooth_least=0.03)
    given, detected = scale(0.8), scale(0.8, 0.5)
    assert smooth([noisy], config, given, 25.0)[0] is noisy
    (calm,) = smooth([noisy], config, detected, 25.0)
    assert np.abs(calm.boxes[:, 0] - GRID).mean() < 0.6 * np.abs(noisy.boxes[:, 0] - GRID).mean()


def test_who_changes_faster_than_people_do_is_followed_as_far_as_noise_explains():
    # Seen from above: as wide as high with every step, twice a second, beside somebody steady. The
    # deviation is .2 (1 - .8 / .9) of 20 px: .44 px.
    width = 15 + 5 * np.sin(2 * np.pi * 2 * GRID / 25)
    stride = track(GRID, 0.5 * GRID)
    stride.boxes[:, 2] = stride.boxes[:, 0] + width
    noisy = track(GRID, 0.5 * GRID + np.random.default_rng(0).normal(0, 0.4, 100))
    config = TrackConfig(smooth=0.2, smooth_least=0.0)
    followed, calm = smooth([stride, noisy], config, scale(0.9, 0.5), 25.0)
    found = followed.boxes[:, 2] - followed.boxes[:, 0]
    assert np.sqrt(np.mean((found - width) ** 2)) < DEPARTURE * 0.45
    assert np.array_equal(calm.boxes, smooth([noisy], config, scale(0.9, 0.5), 25.0)[0].boxes)
    assert (
        np.abs(calm.boxes[:, 0] - 0.5 * GRID).mean()
        < 0.6 * np.abs(noisy.boxes[:, 0] - 0.5 * GRID).mean()
    )


def test_given_boxes_are_smoothed_by_the_noise_they_have_and_no_further():
    """Somebody seen from above, as wide as high with every step, in given boxes of which every side
    is off by .3 px of 20: .3 / sqrt(2) px at the centre and .3 sqrt(2) px in size. As a detector's,
    noise of .03 heights is expected, and the steps are smoothed away.
    """
    rng = np.random.default_rng(0)
    exact = track(GRID, 0.5 * GRID)
    exact.boxes[:, 2] = exact.boxes[:, 0] + 15 + 5 * np.sin(2 * np.pi * GRID / 25)
    noisy = track(GRID, 0.5 * GRID)
    noisy.boxes[:] = exact.boxes + rng.normal(0, 0.3, (100, 4))
    centre, size = white_noise([noisy])
    assert centre == pytest.approx(0.3 / np.sqrt(2) / 20, rel=0.25)
    assert size == pytest.approx(0.3 * np.sqrt(2) / 20, rel=0.25)
    assert white_noise([noisy.rows(GRID % 2 == 0)]) == (0.0, 0.0)  # no four frames in a row

    def error(item):
        return np.sqrt(((item.boxes - exact.boxes) ** 2).mean())

    (given,) = smooth([noisy], TrackConfig(), scale(0.8, 0.79), 25.0)
    (detected,) = smooth([noisy], TrackConfig(), scale(0.8, 0.5), 25.0)
    assert error(given) < 0.75 * error(noisy)
    assert error(given) < error(detected)


def test_tracks_are_smoothed_together_as_each_would_be_alone():
    rng = np.random.default_rng(0)
    tracks = [track(GRID[:n], 0.5 * GRID[:n] + rng.normal(0, 1, n)) for n in (40, 2, 3, 70)]
    together = smooth(tracks, TrackConfig(), scale(0.9, 0.5), 25.0)
    for alone, item in zip(tracks, together, strict=True):
        (one,) = smooth([alone], TrackConfig(), scale(0.9, 0.5), 25.0)
        assert np.array_equal(one.boxes, item.boxes)
    assert together[1] is tracks[1]  # two observations have nothing between them


def test_too_short_or_switched_off_is_left_alone():
    short = track([1, 2], [0, 5])
    assert smoothed(short) is short
    noisy = track(GRID, GRID + np.random.default_rng(0).normal(0, 2, 100))
    assert smoothed(noisy, doubt=0.0) is noisy


def support(filled, others=(), miss=0.1, top=0.9, camera=None):
    """Whether each row of a track of frames 2 and 12, filled, is believed; 10 fps."""
    own = track([2, 12], [100, 100])
    crowd = Crowd.of([own, *others], VideoInfo("v", 640, 480, 10.0, 100))
    return supported([own], [filled], crowd, scale(top, 0.5), miss, camera).tolist()


def test_a_gap_in_plain_view_is_believed_if_it_may_be_a_miss():
    filled = filled_alone(track([2, 12], [100, 100]))  # nine frames, .9 s
    assert support(filled) == [True] + [False] * 9 + [True]  # six times .1 s is too little
    assert support(filled, miss=0.2) == [True] * 11
    assert support(filled, miss=0.2, top=0.8) == [True] + [False] * 9 + [True]  # seen perfectly


def test_a_gap_behind_somebody_nearer_is_believed():
    filled = filled_alone(track([2, 12], [100, 100]))
    nearer = track([5, 6, 7], [103, 103, 103])  # 7 of 10 px in front
    nearer.boxes[:, 3] += 5
    assert support(filled, [nearer]) == [k in (2, 5, 6, 7, 12) for k in range(2, 13)]
    nearer.boxes[:, 3] -= 10  # its foot lies higher: behind
    assert support(filled, [nearer]) == [True] + [False] * 9 + [True]


def test_a_gap_is_looked_at_where_it_is_in_the_picture():
    """The picture moves 100 px a frame: where the way lies in it, somebody stands in frame 7."""
    pan = np.array([[1, 0, 100.0], [0, 1, 0], [0, 0, 1]])
    camera = CameraPath.of(list(range(100)), [pan] * 100)
    filled = filled_alone(track([2, 12], [-100, -1100]))  # at 100 px in both, in the first's pixels
    assert filled.boxes[5, 0] == -600
    nearer = track([7], [103])
    nearer.boxes[:, 3] += 5
    assert support(filled, [nearer], camera=camera) == [k in (2, 7, 12) for k in range(2, 13)]


def test_given_boxes_are_filled_where_people_in_plain_view_are_missing_now_and_then():
    """Nine tracks of 22 sightings; in some one frame is missing, in the last one also nine (.9 s),
    and it is behind somebody nearer then."""

    def believed(missing):
        frames = np.arange(22)
        whole = [track(frames, np.full(22, 100.0 * k)) for k in range(9)]
        parts = [t.rows(frames != 5) if k < missing else t for k, t in enumerate(whole)]
        parts[8] = parts[8].rows((frames < 10) | (frames > 18))
        nearer = track(frames, np.full(22, 803.0))
        nearer.boxes[:, 3] += 5
        crowd = Crowd.of([*parts, nearer], VideoInfo("v", 1000, 480, 10.0, 100))
        filled = fill(parts, GRID, 20, 0.5)
        return [len(t) for t in chosen(filled, supported(parts, filled, crowd, scale(0.8), 0.1))]

    assert believed(1) == [21] + [22] * 7 + [13]  # one gap in plain view of over 200 sightings
    assert believed(4) == [22] * 8 + [13]  # nine frames are no miss of .1 s, cover or not
