import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core import geometry
from hie_cli.core.types import People
from hie_cli.detection import nms
from tests.support.found_boxes import people


def pose(x, y, height=100.0):
    """A stick man (14, 2) whose joints spread over ``height`` from (x, y)."""
    steps = np.linspace(0, 1, 14)
    return np.stack((x + 10 * np.sin(7 * steps), y + height * steps), 1)


def posed(rows, poses):
    return people(*rows).replace(keypoints=poses, keypoint_scores=np.ones((len(rows), 14)))


def test_nobody():
    assert len(nms.without_duplicates(People.empty(), 0.6, 0.7)) == 0


def test_two_people_one_before_the_other_both_stay_when_their_poses_differ():
    rows = [(0, 0, 40, 100, 0.9), (4, 0, 44, 100, 0.8)]  # IoU 36 / 44 = 0.82
    assert len(nms.without_duplicates(people(*rows), 0.65, 0.7)) == 1
    different = posed(rows, [pose(10, 0), pose(35, 0)])
    assert len(nms.without_duplicates(different, 0.65, 0.7)) == 2
    same = posed(rows, [pose(20, 0), pose(21, 0)])
    assert len(nms.without_duplicates(same, 0.65, 0.7)) == 1


def test_half_and_whole_box_with_one_pose_are_one_person():
    rows = [(0, 0, 40, 100, 0.9), (0, 0, 40, 45, 0.8)]
    assert len(nms.without_duplicates(people(*rows), 0.65, 0.7)) == 2
    assert len(nms.without_duplicates(posed(rows, [pose(20, 0), pose(20, 0)]), 0.65, 0.7)) == 1


def test_missing_poses_leave_it_to_the_boxes():
    rows = [(0, 0, 40, 100, 0.9), (1, 0, 41, 100, 0.8)]
    nothing = posed(rows, [pose(20, 0), np.full((14, 2), np.nan)])
    found = nms.without_duplicates(nothing, 0.65, 0.7)
    assert len(found) == 1
    assert np.isfinite(found.keypoints).all()


rows = st.lists(
    st.tuples(*[st.floats(0, 50)] * 2, *[st.floats(5, 60)] * 2, st.floats(0.01, 1)), max_size=15
)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_what_stays_does_not_overlap_and_what_goes_had_a_better_one(drawn):
    before = people(*[(x, y, x + w, y + h, s) for x, y, w, h, s in drawn])
    after = nms.without_duplicates(before, 0.6, 0.7)
    mutual = geometry.iou(after.boxes, after.boxes) - np.eye(len(after))
    assert (mutual <= 0.6 + 1e-6).all()
    for box, score in zip(before.boxes, before.scores, strict=True):
        overlap = geometry.iou(box, after.boxes)[0]
        covered = (overlap > 0.6) & (after.scores >= score)
        assert covered.any() or (after.boxes == box).all(1).any()
