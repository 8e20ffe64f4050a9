import numpy as np
import pytest

from hie_cli.core.types import FramePeople, People
from hie_cli.tracking.shared_poses import give_back, own_poses, shared
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


def frames_of(*walkers):
    """The people of every frame; identities 7, 8, ... in the order given."""
    for t in range(len(walkers[0])):
        here = [(7 + n, w.rows(w.frames == t)) for n, w in enumerate(walkers)]
        whole = stacked([w for _, w in here])
        ids = [number for number, w in here for _ in range(len(w))]
        people = People(whole.boxes, whole.scores, ids, whole.keypoints, whole.keypoint_scores)
        yield FramePeople(t, people)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("ahead", [0, 2, 9])
def test_frame_by_frame_the_other_one_has_the_nearest_poses_of_their_own(turned, ahead):
    """In frames 3 to 5, 10 px a frame on: that of frame 2, and of frame 6 as far as it is known."""
    stands, walks = crossing()
    narrow = SLANTED * [0.5, 1]
    walks.keypoints[6:] = walks.boxes[6:, None, :2] + narrow * [40, 100]
    expected = [SLANTED] * 6 + [narrow] * 3
    for t, later in ((3, 0.25), (4, 0.5), (5, 0.75)):
        if t + ahead >= 6:
            expected[t] = (1 - later) * SLANTED + later * narrow
    seen = list(frames_of(*((walks, stands) if turned else (stands, walks))))
    found = list(own_poses(seen, 10, 0.5, ahead))
    behind = 0 if turned else 1
    for t, item in enumerate(found):
        assert item.index == t
        people = item.people
        assert np.allclose(people.keypoints[1 - behind], stands.keypoints[t])
        assert people.keypoint_scores[1 - behind] == pytest.approx(0.8)
        assert np.allclose(people.keypoints[behind], walks.boxes[t, :2] + expected[t] * [40, 100])
        assert people.keypoint_scores[behind] == pytest.approx(0.4 if 3 <= t <= 5 else 0.8)


def test_frame_by_frame_nobody_is_given_a_pose_of_long_ago():
    stands, walks = crossing()
    found = [item.people for item in own_poses(frames_of(stands, walks), 2, 0.5)]
    assert np.isfinite(found[4].keypoints[1]).all()
    assert np.isnan(found[5].keypoints[1]).all()  # three frames after frame 2
    assert (found[5].keypoint_scores[1] == 0).all()
    assert np.isfinite(found[6].keypoints).all()


def test_frame_by_frame_people_without_poses_or_identities_pass():
    (item, *_) = frames_of(*crossing())
    for people in (
        item.people.replace(track_ids=None),
        item.people.replace(keypoints=None, keypoint_scores=None),
    ):
        (out,) = own_poses([FramePeople(0, people)], 10, 0.5)
        assert out.people is people
    nobody = FramePeople(3, item.people[[]])
    assert len(next(own_poses([nobody], 10, 0.5)).people) == 0


def test_frame_by_frame_is_what_is_said_of_whole_tracks():
    stands, walks = crossing()
    whole = stacked(give_back([stands, walks], 10, 0.5))
    for t, item in enumerate(own_poses(frames_of(stands, walks), 10, 0.5, 10)):
        assert np.allclose(item.people.keypoints, whole.rows(whole.frames == t).keypoints)
