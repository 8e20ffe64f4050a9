"""Which rows count, distances between joints, and PoseTrack's assignment, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.geometry import iou
from hie_cli.core.types import ExactPeople, FramePeople, People
from hie_cli.evaluation.matching import (
    EPS,
    PoseFrame,
    aligned,
    counted,
    decimals,
    inside_polygon,
    match_poses,
    on_unposed,
    pose_frame,
)
from hie_cli.evaluation.overlaps import box_overlaps
from tests.support.annotated_crowds import annotations, crowd, people

BOX = [0, 0, 30, 40]  # diagonal 50: distances are in units of 30 px


def pose(*points):
    """(14, 2) with the given joints, NaN for the rest."""
    full = np.full((14, 2), np.nan)
    for joint, point in points:
        full[joint] = point
    return full


def poses(boxes, keypoints, **fields):
    poses = np.array(keypoints, float).reshape(-1, 14, 2)
    return annotations(boxes, keypoints=poses, **fields)


def predicted(*keypoints):
    poses = np.array(keypoints, float).reshape(-1, 14, 2)
    n = len(poses)
    return people(np.zeros((n, 4)), keypoints=poses, keypoint_scores=np.ones((n, 14)))


def test_decimals_undo_float32_number_by_number():
    assert decimals([]).shape == (0,)
    computed = np.float32(812.37) + np.float32(6.1e-5)  # the next float32: no decimals of a file
    read = np.array([812.37, 1919.99, np.nan, computed, 0.1], np.float32)
    assert decimals(read).tolist()[:2] == [812.37, 1919.99]
    assert np.isnan(decimals(read)[2])
    assert decimals(read).tolist()[3:] == [float(computed), 0.1]


def test_decimals_undo_what_shifting_leaves():
    shifted = np.array([812.37 - 1, 0.1 + 0.2, 1 / 3])
    assert shifted[1] != 0.3
    assert decimals(shifted).tolist() == [811.37, 0.3, 1 / 3]


def test_a_coordinate_with_many_decimals_costs_nobody_else_a_match():
    """Person 0 lies at IoU .5 exactly: 10 x 20 in 10 x 40. Person 1 has four decimals."""
    truth = annotations([[300.1, 0.3, 310.1, 40.3], [600, 0, 640.1234, 80]], [1, 2])
    boxes = np.array([[300.1, 0.3, 310.1, 20.3], [600, 0, 640.1234, 80]])
    seen = ExactPeople(boxes, np.ones(2))
    pairs = box_overlaps([truth.boxes], [seen.boxes])
    assert (pairs.similarity >= 0.5 - EPS).all()
    assert pairs.similarity == pytest.approx([0.5, 1], abs=1e-15)


def test_aligned_fills_frames_without_a_line():
    truth = TruthSequence("a", (annotations([BOX]), annotations([])))
    assert [len(p) for _, p in aligned(truth, [])] == [0, 0]
    assert [len(p) for _, p in aligned(truth, [FramePeople(7, People.empty())])] == [0, 0]
    assert [len(p) for _, p in aligned(truth, [FramePeople(1, people([BOX]))])] == [0, 1]
    with pytest.raises(InputError, match="a: frame -1"):
        aligned(truth, [FramePeople(-1, People.empty())])


def test_counted_in_both_readings():
    truth = annotations([[0, 0, 10, 10], [50, 0, 60, 10]], ignore=[False, True])
    found = people([[50, 0, 60, 10], [50, 0, 60, 9], [0, 0, 10, 10]])
    true_rows, rows = counted(truth, found, "drop")
    assert (true_rows.tolist(), rows.tolist()) == ([True, False], [True, True, True])
    true_rows, rows = counted(truth, found, "match")
    # The ignored box takes one prediction, the better one.
    assert (true_rows.tolist(), rows.tolist()) == ([True, False], [False, True, True])
    assert counted(annotations([]), People.empty(), "match")[1].tolist() == []
    unlabelled = annotations([BOX], annotated=False)
    assert [m.tolist() for m in counted(unlabelled, found, "drop")] == [[False], [False] * 3]


def test_a_prediction_of_a_counted_person_is_never_removed():
    # Both true boxes overlap the prediction; it belongs to the person who counts.
    truth = annotations([[0, 0, 10, 10], [0, 0, 10, 12]], ignore=[False, True])
    assert counted(truth, people([[0, 0, 10, 10]]), "match")[1].tolist() == [True]
    assert counted(truth, people([[0, 0, 10, 12]]), "match")[1].tolist() == [False]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([None, 10.0]))
def test_overlaps_are_all_positive_ious(seed, persons, grid):
    truth, found = crowd(seed, 5, persons, grid=grid)
    boxes = [a.boxes for a in truth.frames], [f.people.boxes for f in found]
    overlaps = box_overlaps(*boxes)
    total = 0
    for frame, (a, b) in enumerate(zip(*boxes, strict=True)):
        expected = iou(decimals(a), decimals(b))
        here = overlaps.frame == frame
        full = np.zeros_like(expected)
        full[overlaps.row[here], overlaps.column[here]] = overlaps.similarity[here]
        np.testing.assert_allclose(full, expected, atol=1e-5)
        total += (expected > 0).sum()
    assert len(overlaps.frame) == total


def test_nobody_has_no_distances():
    for truth, found in [
        (annotations([]), People.empty()),
        (poses([BOX], [pose((0, (1, 1)))]), People.empty()),
        (annotations([]), predicted(pose((0, (1, 1))))),
        (annotations([BOX]), people([BOX])),  # boxes without poses
    ]:
        frame = pose_frame(truth, found)
        assert frame.distances.size == 0
        assert (match_poses(frame, 0.5) == -1).all()


def test_distance_in_units_of_the_person():
    truth = poses([BOX], [pose((0, (10, 10)), (1, (20, 20)), (2, (5, 5)))])
    found = predicted(pose((0, (10, 25)), (1, (20, 50.5)), (3, (0, 0))))
    distances = pose_frame(truth, found).distances[0, 0]
    assert distances[0] == 15 / (0.6 * 50)
    assert np.isinf(distances[1:]).all()  # 30.5 px are out of reach; 2 and 3 are on one side only


def test_head_box_replaces_the_box_where_it_is_known():
    heads = [[0, 0, 6, 8], [np.nan] * 4]
    points = [pose((0, (5, 5))), pose((0, (105, 5)))]
    truth = poses([BOX, [100, 0, 130, 40]], points, head_boxes=heads)
    distances = pose_frame(truth, predicted(pose((0, (5, 8))), pose((0, (105, 8))))).distances
    assert distances[0, 0, 0] == 3 / (0.6 * 10)
    assert distances[1, 1, 0] == 3 / (0.6 * 50)


def test_joints_that_count():
    both = pose((0, (1, 1)), (1, (2, 2)))
    flags = np.full((1, 14), -1)
    flags[0, :2] = [1, 0]
    truth = poses([BOX], [both], visibility=flags)
    assert pose_frame(truth, predicted(both)).has_truth.sum() == 1
    assert pose_frame(truth, predicted(both), joints="annotated").has_truth.sum() == 2
    assert pose_frame(truth, predicted(both)).has_predicted.sum() == 2
    flags[0, 0] = 0
    hidden = poses([BOX], [both], visibility=flags)
    assert pose_frame(hidden, predicted(both)).truth_rows.tolist() == []


def test_poses_without_joints_are_left_out_and_rows_are_remembered():
    here = pose((0, (1, 1)))
    truth = poses([BOX] * 3, [pose(), here, here], ignore=[False, True, False])
    frame = pose_frame(truth, predicted(pose(), here))
    assert frame.truth_rows.tolist() == [2]
    assert frame.predicted_rows.tolist() == [1]
    assert frame.distances.shape == (1, 1, 14)


def test_ignore_regions_hide_joints_of_both_sides():
    region = np.array([[0, 0], [10, 0], [10, 10], [0, 10]])
    both = pose((0, (5, 5)), (1, (20, 20)))
    truth = poses([BOX], [both], ignore_regions=(region,))
    frame = pose_frame(truth, predicted(both, pose((0, (6, 6)))))
    assert np.flatnonzero(frame.has_truth[0]).tolist() == [1]
    assert np.flatnonzero(frame.has_predicted[0]).tolist() == [1]
    assert frame.predicted_rows.tolist() == [0]  # the other one lies in the region


def test_an_empty_box_is_near_nothing():
    truth = poses([[5, 5, 5, 5]], [pose((0, (5, 5)))])
    assert np.isinf(pose_frame(truth, predicted(pose((0, (5, 5))))).distances).all()


def test_inside_a_concave_polygon():
    arrow = np.array([[0, 0], [10, 0], [5, 5], [10, 10], [0, 10]])
    points = [(2, 5), (8, 5), (8, 1), (-1, 5), (11, 5), (5, 12)]
    assert inside_polygon(arrow, np.array(points)).tolist() == [True, False, True] + [False] * 3


def frame_of(right, labelled):
    """A PoseFrame in which pair (p, g) has ``right[p][g]`` joints at distance 0."""
    right, labelled = np.array(right), np.array(labelled)
    distances = np.where(np.arange(14) < right[..., None], 0.0, np.inf)
    has_truth = np.arange(14) < labelled[:, None]
    rows = np.arange(len(right)), np.arange(len(labelled))
    return PoseFrame(distances, has_truth, np.ones((len(right), 14), bool), rows[1], rows[0])


def test_a_prediction_stands_for_its_best_pose_only():
    # Prediction 0 fits pose 0 (6 of 10) and pose 1 (9 of 10); prediction 1 fits pose 1 (8 of 10).
    # Both stand for pose 1; it takes the better one, and pose 0 stays alone although 0 would fit.
    assert match_poses(frame_of([[6, 9], [0, 8]], [10, 10]), 0.5).tolist() == [1, -1]


def test_share_of_the_labelled_joints_decides():
    # 3 of 3 joints beat 5 of 10.
    assert match_poses(frame_of([[5, 3]], [10, 3]), 0.5).tolist() == [1]


def test_no_right_joint_no_assignment_and_ties_go_to_the_lower_row():
    assert match_poses(frame_of([[0, 0]], [5, 5]), 0.5).tolist() == [-1]
    assert match_poses(frame_of([[4, 4], [4, 4]], [5, 5]), 0.5).tolist() == [0, -1]


def test_alpha_is_inclusive_and_bounded():
    truth = poses([BOX], [pose((0, (10, 10)))])
    frame = pose_frame(truth, predicted(pose((0, (10, 25)))))  # distance 0.5
    assert match_poses(frame, 0.5).tolist() == [0]
    assert match_poses(frame, 0.49).tolist() == [-1]
    with pytest.raises(ConfigError, match=r"alpha 1\.5"):
        match_poses(frame, 1.5)


def test_poses_on_people_without_annotated_joints():
    """Two people, the second without joints: a pose on each, one of them without a box."""
    boxes = [BOX, [100, 0, 130, 40]]
    truth = seen_by([BOX], [pose((0, (5, 5)))], boxes)
    joints = np.stack([pose((0, (5, 5))), pose((0, (101, 1)), (13, (129, 39)))])
    on_each = people([BOX, [0, 0, 0, 0]], keypoints=joints, keypoint_scores=np.ones((2, 14)))
    assert on_unposed(truth, on_each).tolist() == [False, True]
    assert pose_frame(truth, on_each, unposed="ignore").predicted_rows.tolist() == [0]
    assert pose_frame(truth, on_each).predicted_rows.tolist() == [0, 1]
    elsewhere = people(
        [BOX, [300, 0, 330, 40]], keypoints=joints + 0.0, keypoint_scores=np.ones((2, 14))
    )
    assert on_unposed(truth, elsewhere).tolist() == [False, False]
    assert on_unposed(truth, People.empty()).tolist() == []


def seen_by(posed, poses_of_them, boxes):
    """Truth of ``boxes``, the first ones with joints."""
    full = np.full((len(boxes), 14, 2), np.nan)
    full[: len(posed)] = poses_of_them
    return annotations(boxes, keypoints=full, visibility=np.isfinite(full[..., 0]) * 2 - 1)
