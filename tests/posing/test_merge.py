import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.posing.calibration import joint_probability
from hie_cli.posing.merge import agree, box_and_joints, one_body, owners

REACH = np.array([5.0])


def at(x, score):
    points = np.zeros((1, 14, 2))
    points[..., 0] = x
    return points, np.full((1, 14), float(score))


MISSING = np.full((1, 14, 2), np.nan), np.zeros((1, 14))


def test_nobody():
    points, scores = agree(
        (np.zeros((0, 14, 2)), np.zeros((0, 14))),
        (np.zeros((0, 14, 2)), np.zeros((0, 14))),
        np.zeros(0),
    )
    assert points.shape == (0, 14, 2)
    assert scores.shape == (0, 14)
    assert owners(points, scores, np.zeros((0, 4)), 0.8).shape == (0,)


def test_agreeing_joints_are_averaged_and_surer():
    points, scores = agree(at(10, 0.8), at(13, 0.4), REACH)
    x = (0.8**2 * 10 + 0.4**2 * 13) / (0.8**2 + 0.4**2)
    np.testing.assert_allclose(points[..., 0], x)
    np.testing.assert_allclose(scores, 0.8 + (1 - 0.8) * 0.4 / 2)


def test_of_differing_joints_the_surer_stays_less_sure():
    points, scores = agree(at(10, 0.4), at(30, 0.8), REACH)
    np.testing.assert_allclose(points[..., 0], 30)
    np.testing.assert_allclose(scores, 0.8 * (1 - 0.6 * 0.4))


def test_a_joint_only_one_has_is_taken_unchanged():
    for pair in ((at(10, 0.4), MISSING), (MISSING, at(10, 0.4))):
        points, scores = agree(*pair, reach=REACH)
        np.testing.assert_allclose(points[..., 0], 10)
        np.testing.assert_allclose(scores, 0.4)


def test_a_joint_nobody_has_stays_missing():
    points, scores = agree(MISSING, MISSING, REACH)
    assert np.isnan(points).all()
    assert (scores == 0).all()


@settings(max_examples=60)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(-50, 50))
def test_agree_does_not_care_for_order_and_keeps_scores_probabilities(s, t, x):
    one = agree(at(0, s), at(x, t), REACH)
    other = agree(at(x, t), at(0, s), REACH)
    np.testing.assert_allclose(one[1], other[1])
    assert ((one[1] >= 0) & (one[1] <= 1)).all()
    if abs(s - t) > 1e-3:
        np.testing.assert_allclose(one[0], other[0], atol=1e-9)


def stick(x, height=100.0):
    steps = np.linspace(0, 1, 14)
    return np.stack((x + 10 * np.sin(7 * steps), height * steps), 1)


def test_the_pose_belongs_to_the_box_it_fills():
    # Both crops snapped to the person at x = 20; the box at 40..80 has no pose of its own.
    poses = np.stack((stick(20), stick(21)))
    boxes = np.array([[8, 0, 32, 100], [25, 0, 65, 100]])
    assert owners(poses, np.ones((2, 14)), boxes, 0.8).tolist() == [-1, 0]
    assert owners(poses[::-1], np.ones((2, 14)), boxes[::-1], 0.8).tolist() == [1, -1]


def test_different_poses_and_missing_ones_are_nobody_s_theft():
    boxes = np.array([[8, 0, 32, 100], [25, 0, 65, 100]])
    different = np.stack((stick(20), stick(45)))
    assert owners(different, np.ones((2, 14)), boxes, 0.8).tolist() == [-1, -1]
    nothing = np.full((2, 14, 2), np.nan)
    assert owners(nothing, np.zeros((2, 14)), boxes, 0.8).tolist() == [-1, -1]


def test_an_unknown_network_s_joint_scores_are_believed():
    np.testing.assert_array_equal(joint_probability(None, np.array([0.3])), [0.3])


BOX = np.array([[0.0, 0.0, 20.0, 50.0]])


def test_poses_of_one_body_are_merged():
    own, crop = at(10, 0.5), at(10.5, 0.9)
    merged = agree(own, crop, REACH)
    points, scores = one_body(own, crop, merged, BOX, 0.75)
    np.testing.assert_array_equal(points, merged[0])
    np.testing.assert_array_equal(scores, merged[1])


def test_of_poses_of_two_bodies_the_surer_stands_whole():
    own, crop = at(10, 0.8), at(18, 0.6)
    crop[1][0, 3] = 0.95  # one joint of the neighbour is surer; joint by joint it would be taken
    merged = agree(own, crop, REACH)
    assert merged[0][0, 3, 0] == 18
    points, scores = one_body(own, crop, merged, BOX, 0.75)
    np.testing.assert_array_equal(points, own[0])
    np.testing.assert_array_equal(scores, own[1])
    points, _ = one_body(at(10, 0.3), crop, merged, BOX, 0.75)
    np.testing.assert_array_equal(points, crop[0])


def test_without_a_pose_of_one_s_own_there_is_nothing_to_disagree_with():
    crop = at(18, 0.6)
    points, _ = one_body(MISSING, crop, agree(MISSING, crop, REACH), BOX, 0.75)
    np.testing.assert_array_equal(points, crop[0])
    none = np.zeros((0, 14, 2)), np.zeros((0, 14))
    assert len(one_body(none, none, none, np.zeros((0, 4)), 0.75)[0]) == 0


def test_boxes_hold_sure_joints_within_reach():
    points, scores = at(10, 0.9)
    points[0, :4, 0] = 22, 24, 30, np.nan  # reach: 0.15 x 50 = 7.5 beyond 20
    scores[0, 1] = 0.5  # not sure enough to widen the box
    boxes, near = box_and_joints(BOX, points, scores)
    np.testing.assert_allclose(boxes, [[0, 0, 22, 50]])
    assert near[0, :4].tolist() == [True, True, False, False]
    assert near[0, 4:].all()


def test_nobody_s_boxes_hold_nothing():
    boxes, near = box_and_joints(np.zeros((0, 4)), np.zeros((0, 14, 2)), np.zeros((0, 14)))
    assert boxes.shape == (0, 4)
    assert near.shape == (0, 14)
