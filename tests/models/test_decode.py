"""MultiPose's, the single-pose nets' and NanoDet's decoders on planted maps."""

import numpy as np
import pytest

from hie_cli.models.decoders import centernet, distance_bins, single_pose

H, W = 40, 60  # cells of 4 pixels


def blank(height=H, width=W):
    """MultiPose's maps with nobody in them."""
    return [np.zeros((c, height, width), np.float32) for c in (1, 2, 2, 17, 34, 34)]


def plant(maps, row, column, *, center=0.8, size=(12, 6), keypoint=(0, 0), heat=0.6):
    """A person at a cell: box ``size`` (h, w) in cells, all keypoints ``keypoint`` (y, x) away."""
    maps[0][0, row, column] = center
    maps[1][:, row, column] = size
    maps[2][:, row, column] = 0.5
    maps[4][0::2, row, column], maps[4][1::2, row, column] = keypoint
    y, x = row + keypoint[0], column + keypoint[1]
    maps[3][:, y, x] = heat
    maps[5][0::2, y, x], maps[5][1::2, y, x] = 0.25, 0.75
    return maps


def test_nobody():
    found = centernet.decode(blank(), floor=0.0, limit=300)
    assert found.boxes.shape == (0, 4)
    assert found.keypoints.shape == (0, 17, 2)
    assert found.scores.shape == (0,)


def test_one_person():
    found = centernet.decode(plant(blank(), 20, 30, keypoint=(3, -2)), 0.1, 300)
    # Centre (20.5, 30.5) cells, half sizes 6 and 3: x 27.5..33.5, y 14.5..26.5, 4 pixels a cell.
    np.testing.assert_allclose(found.boxes, [[110, 58, 134, 106]])
    # Keypoints in cell (23, 28), offsets y .25, x .75: (28.75, 23.25) * 4.
    np.testing.assert_allclose(found.keypoints[0], np.tile([115, 93], (17, 1)))
    # At the very place the regression points to, the Gaussian is 1.
    np.testing.assert_allclose(found.keypoint_scores, 0.6, rtol=1e-6)
    assert found.scores[0] == pytest.approx(0.8 * 0.6)


def test_heat_away_from_the_guess_counts_less():
    maps = plant(blank(), 20, 30, keypoint=(3, 0))
    maps[4][0::2, 20, 30] = 1  # the regression says two cells higher than the heat is
    found = centernet.decode(maps, 0.1, 300, reach=0.25)
    # exp(-distance^2 / 2 sigma^2), sigma a quarter of the box's 12 cells: exp(-4 / 18)
    np.testing.assert_allclose(found.keypoint_scores, 0.6 * np.exp(-4 / 18), rtol=1e-5)
    # exp(-distance^2 / (0.3 * shorter side)), the original's rule: exp(-4 / 12)
    found = centernet.decode(maps, 0.1, 300, reach=None)
    np.testing.assert_allclose(found.keypoint_scores, 0.6 * np.exp(-4 / (0.3 * H)), rtol=1e-5)


def test_keypoints_are_looked_for_in_the_box_only():
    maps = plant(blank(), 20, 30, keypoint=(0, 0))
    maps[3][:, 20, 36] = 1.0  # brighter, but outside x 27.5..33.5
    found = centernet.decode(maps, 0.1, 300)
    np.testing.assert_allclose(found.keypoints[0, :, 0], (30 + 0.75) * 4)


def test_weak_keypoints_do_not_count_for_the_person():
    maps = plant(blank(), 20, 30)
    maps[3][8:, 20, 30] = 0.05
    found = centernet.decode(maps, 0.1, 300)
    assert found.scores[0] == pytest.approx(0.8 * 0.6)  # the mean of the eight above 0.127
    maps[3][:, 20, 30] = 0.05
    assert centernet.decode(maps, 0.1, 300).scores[0] == 0


def test_a_crowd_is_not_cut_off():
    maps = blank(120, 120)
    places = [(r, c) for r in range(6, 118, 12) for c in range(4, 118, 8)]  # 10 x 15
    for index, (row, column) in enumerate(places):
        plant(maps, row, column, center=0.9 - index * 0.004)
    found = centernet.decode(maps, floor=0.1, limit=300)
    assert len(found.boxes) == len(places) == 150
    assert (np.diff(found.centers) < 0).all()
    assert len(centernet.decode(maps, floor=0.1, limit=60).boxes) == 60


def test_a_box_outside_the_image_has_no_keypoints():
    maps = plant(blank(), 20, 30)
    maps[2][0, 20, 30] = 100  # the centre's offset puts the box below the image
    found = centernet.decode(maps, 0.1, 300)
    assert found.scores[0] == 0
    assert found.keypoint_scores.max() == 0


def _single(count=2, side=48):
    return [np.zeros((count, c, side, side), np.float32) for c in (1, 17, 34, 34)]


def test_single_pose_takes_the_person_in_the_middle():
    center, heat, regress, offset = _single()
    center[:, 0, 24, 24] = 0.5  # in the middle: .5 / 1.8 = .28
    center[:, 0, 4, 4] = 0.9  # in the corner: .9 / (28.3 + 1.8) = .03
    regress[:, 0::2, 24, 24], regress[:, 1::2, 24, 24] = 10, 2
    heat[:, :, 34, 27] = 0.4  # a cell beside the guess (34, 26): .4 / 2.8 = .14
    heat[:, :, 34, 40] = 0.9  # 14 cells away: .9 / 15.8 = .06
    offset[1, 1::2, 34, 27] = 0.5
    keypoints, scores = single_pose.decode([center, heat, regress, offset])
    np.testing.assert_allclose(keypoints[0], np.tile([27 * 4, 34 * 4], (17, 1)))
    np.testing.assert_allclose(keypoints[1], np.tile([27.5 * 4, 34 * 4], (17, 1)))
    np.testing.assert_allclose(scores, 0.4)


def test_single_pose_of_no_crops():
    keypoints, scores = single_pose.decode(_single(count=0))
    assert keypoints.shape == (0, 17, 2)
    assert scores.shape == (0, 17)


def test_nanodet_cells_run_row_by_row_and_stride_by_stride():
    grid = distance_bins.cells(32, 64)
    assert len(grid.strides) == 4 * 8 + 2 * 4 + 1 * 2
    np.testing.assert_array_equal(grid.centres[[0, 1, 8, 32]], [[4, 4], [12, 4], [4, 12], [8, 8]])


def test_nanodet_boxes_are_the_mean_of_the_distributions():
    grid = distance_bins.cells(32, 32)
    scores = np.zeros(21, np.float32)
    scores[5] = 0.7
    bins = np.full((44, 21), -30, np.float32)
    bins[[0, 11, 22, 33], 5] = 5.0  # left, top, right, bottom sure to be 0 cells ...
    bins[[23, 24], 5] = 5.0  # ... but right equally 0, 1 or 2: mean 1 cell of 8 pixels
    boxes, found = distance_bins.decode(scores, bins, grid, floor=0.3)
    np.testing.assert_allclose(boxes, [[12, 12, 20, 12]], atol=1e-3)  # cell (1, 1)'s centre
    np.testing.assert_allclose(found, [0.7])


def test_nanodet_finds_nobody():
    grid = distance_bins.cells(32, 32)
    boxes, scores = distance_bins.decode(
        np.zeros(21, np.float32), np.zeros((44, 21), np.float32), grid, floor=0.3
    )
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)
