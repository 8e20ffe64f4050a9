import numpy as np
import pytest

from hie_cli.tracking.shared_poses import give_back, shared
from hie_cli.tracking.tracklets import Tracklet, stacked

UPRIGHT = np.stack([np.full(14, 0.5), np.linspace(0, 1, 14)], axis=1)  # in box sizes
SLANTED = np.stack([np.linspace(0, 1, 14), np.linspace(0, 1, 14)], axis=1)


def walker(x, shape, frames=None):
    """Boxes of 40 by 100 px with left edges ``x``; joints of one ``shape`` (14, 2), scores .8."""
    x = np.asarray(x, float)
    boxes = np.stack([x, 0 * x, x + 40, 0 * x + 100], axis=1)
    joints = boxes[:, None, :2] + shape * [40, 100]
    return Tracklet(
        np.arange(len(x)) if frames is None else np.asarray(frames),
        boxes,
        np.full(len(x), 0.9),
        joints,
        np.full((len(x), 14), 0.8),
    )


def crossing():
    """Someone stands at 100; another walks by from 60 to 140 and has, in frames 3 to 5, the pose of
    the one who stands."""
    stands, walks = walker(np.full(9, 100), UPRIGHT), walker(np.arange(60, 150, 10), SLANTED)
    walks.keypoints[3:6] = stands.keypoints[3:6]
    return stands, walks


def test_a_pose_stays_with_the_one_whose_poses_it_continues():
    stands, walks = crossing()
    for tracks in ([stands, walks], [walks, stands]):
        found = give_back(tracks, 10, 0.5)
        front, behind = found if tracks[0] is stands else found[::-1]
        assert np.array_equal(front.keypoints, stands.keypoints)
        assert np.array_equal(front.keypoint_scores, stands.keypoint_scores)
        # at 100 in frame 4, between its own slanted poses of frames 2 and 6, half as sure
        assert np.allclose(behind.keypoints[4], [100, 0] + SLANTED * [40, 100])
        assert behind.keypoint_scores[3:6] == pytest.approx(np.full((3, 14), 0.4))
        assert np.array_equal(behind.keypoints[[2, 6]], walks.keypoints[[2, 6]])


def test_who_has_no_other_pose_near_has_none():
    stands, walks = crossing()
    short = walks.rows(slice(3, 6))
    _, behind = give_back([stands, short], 10, 0.5)
    assert np.isnan(behind.keypoints).all()
    assert (behind.keypoint_scores == 0).all()
    _, late = give_back([stands, walks], 1, 0.5)  # carried over one frame: to 3 and 5, not to 4
    assert np.isfinite(late.keypoints[[3, 5]]).all()
    assert np.isnan(late.keypoints[4]).all()


def test_one_pose_is_shared_only_by_people_side_by_side_in_one_frame():
    stands, walks = crossing()
    # Rows 3 to 5 of the first, and of the second, whose nine rows follow.
    assert shared(stacked([stands, walks])).tolist() == [[3, 12], [4, 13], [5, 14]]
    later = walker(np.full(9, 100), UPRIGHT, frames=range(20, 29))
    assert not len(shared(stacked([stands, later])))


def test_without_poses_or_company_nothing_changes():
    stands, walks = crossing()
    assert give_back([walks], 10, 0.5)[0] is walks
    bare = Tracklet(stands.frames, stands.boxes, stands.scores)
    assert give_back([stands, bare], 10, 0.5)[1] is bare
