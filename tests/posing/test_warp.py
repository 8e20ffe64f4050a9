import numpy as np
import pytest

from hie_cli.core.types import People
from hie_cli.flow.fields import FlowPair
from hie_cli.posing.warp import average, warp


def person(x: float) -> People:
    """Somebody 40 x 120 px around ``x``, joints on the middle but one wrist 35 px right."""
    keypoints = np.stack([np.full(14, x), np.linspace(65, 175, 14)], -1)[None]
    keypoints[0, 4, 0] += 35
    box = np.array([[x - 20, 60, x + 20, 180]])
    return People(box, np.ones(1), None, keypoints, np.ones((1, 14)))


def moving(x: float, shape=(240, 320)) -> FlowPair:
    """Everything moves right by ``x`` pixels from one frame to the next."""
    forward = np.tile(np.array([x, 0], np.float32), (*shape, 1))
    return FlowPair(forward, -forward, 1.0)


def test_forward_over_two_frames_and_back_again():
    there = warp(person(100), [moving(5), moving(3)], -2, 0.02)
    np.testing.assert_allclose(there.keypoints, person(108).keypoints)
    np.testing.assert_allclose(there.boxes, person(108).boxes)
    assert there.followed.all()
    back = warp(person(108), [moving(5), moving(3)], 2, 0.02)
    np.testing.assert_allclose(back.keypoints, person(100).keypoints)


def test_nobody_is_carried_as_nobody():
    nobody = warp(person(100)[:0], [moving(5)], -1, 0.02)
    assert nobody.keypoints.shape == (0, 14, 2)
    assert nobody.boxes.shape == (0, 4)


def test_a_joint_that_the_flow_loses_moves_with_the_body():
    pair = moving(5)
    pair.backward[:, 135:] = [20, 0]  # the way back of the wrist, at 135 + 5, does not close
    there = warp(person(100), [pair], -1, 0.02)
    assert there.followed[0].tolist() == [j != 4 for j in range(14)]
    np.testing.assert_allclose(there.keypoints, person(105).keypoints)


def test_a_body_that_the_flow_loses_stays():
    pair = moving(5)
    pair.backward[:] = [20, 0]
    there = warp(person(100), [pair], -1, 0.02)
    assert not there.followed.any()
    np.testing.assert_allclose(there.keypoints, person(100).keypoints)
    np.testing.assert_allclose(there.boxes, person(100).boxes)


def test_what_leaves_the_image_is_lost():
    there = warp(person(290), [moving(5)], -1, 0.02)  # the wrist, at 325, lies outside already
    assert there.followed[0].tolist() == [j != 4 for j in range(14)]


def test_missing_joints_stay_missing():
    one = person(100)
    keypoints = one.keypoints.copy()
    keypoints[0, 3] = np.nan
    there = warp(one.replace(keypoints=keypoints), [moving(5)], -1, 0.02)
    assert np.isnan(there.keypoints[0, 3]).all()
    assert not there.followed[0, 3]


def test_average_is_the_weighted_mean_by_hand():
    # Two slots a hair apart (so that nothing is damped): trust 1 and 3, scores .2 and .6, power 1
    # give weights .2 and 1.8: (.2 * 10 + 1.8 * 10.4) / 2. Scores weigh by trust and their squares.
    points = np.full((2, 1, 14, 2), 10.0)
    points[1] = 10.4
    trust = np.stack([np.full((1, 14), 1.0), np.full((1, 14), 3.0)])
    scores = np.stack([np.full((1, 14), 0.2), np.full((1, 14), 0.6)])
    mean, score, total = average(points, trust, scores, 1.0, np.array([1000.0]))
    assert mean == pytest.approx(10.36, abs=1e-3)
    assert score == pytest.approx((0.04 * 0.2 + 1.08 * 0.6) / (0.04 + 1.08), abs=1e-3)
    assert total == pytest.approx(2.0, abs=1e-3)
    mean, _, _ = average(points, trust, scores, 0.0, np.array([1000.0]))
    assert mean == pytest.approx(10.3, abs=1e-3)  # (1 * 10 + 3 * 10.4) / 4


def test_average_damps_an_outlier():
    points = np.full((3, 1, 14, 2), 10.0)
    points[2] = 500.0
    ones = np.ones((3, 1, 14))
    mean, _, total = average(points, ones, ones, 1.0, np.array([50.0]))
    assert mean == pytest.approx(10.0, abs=1e-6)
    assert total == pytest.approx(2.0, abs=1e-6)


def test_average_without_any_weight_is_missing():
    points = np.full((2, 1, 14, 2), np.nan)
    zero = np.zeros((2, 1, 14))
    mean, score, total = average(points, zero, zero, 4.0, np.array([50.0]))
    assert np.isnan(mean).all()
    assert not score.any()
    assert not total.any()
