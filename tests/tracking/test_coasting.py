import numpy as np
import pytest

from hie_cli.core.types import People
from hie_cli.tracking.coasting import CLASSES, Coasting, class_of, covered, moved

PERSON = np.array([[100.0, 100, 140, 200]])


@pytest.mark.parametrize(
    ("other", "share"),
    [
        ([110, 110, 150, 210], 0.675),  # 30 of 40 px wide, 90 of 100 px tall; feet lower: nearer
        ([110, 90, 150, 190], 0.0),  # as much of it, but farther away
        ([200, 100, 240, 200], 0.0),  # beside
    ],
)
def test_covered_by_who_stands_nearer(other, share):
    assert covered(PERSON, np.array([other], float)) == pytest.approx([share])
    assert covered(PERSON, np.zeros((0, 4))) == pytest.approx([0])


def test_classes_are_of_age_and_of_cover():
    boxes = np.repeat(PERSON, 3, axis=0)
    nobody, behind = np.zeros((0, 4)), np.array([[95.0, 100, 145, 205]])
    seconds = np.array([0.04, 0.1, 3.0])
    assert class_of(seconds, boxes, nobody).tolist() == [0, 1, CLASSES // 2 - 1]
    plain = class_of(seconds, boxes, nobody)
    assert np.array_equal(class_of(seconds, boxes, behind), plain + CLASSES // 2)


def test_frames_are_believed_while_most_turn_out_right():
    coasting, unseen = Coasting(), np.zeros((1, CLASSES))
    unseen[0, 2] = 30
    assert not coasting.believed(np.array([2]))[0]  # 3 of 10 before anybody was seen
    coasting.found(unseen, PERSON, PERSON + 5)  # 33 of 40
    assert coasting.believed(np.array([2]))[0]
    coasting.lost(unseen)  # 33 of 70
    assert not coasting.believed(np.array([2]))[0]


def test_who_comes_back_elsewhere_was_not_where_expected():
    coasting, unseen = Coasting(), np.zeros((1, CLASSES))
    unseen[0, 2] = 30
    coasting.found(unseen, PERSON, PERSON + [30, 0, 30, 0])  # IoU 10 / 70
    assert not coasting.believed(np.array([2]))[0]


def test_a_moved_persons_joints_keep_their_places_in_the_box():
    joints = np.full((1, 14, 2), np.nan)
    joints[0, 0] = 110, 150
    person = People(PERSON, [0.8], [7], joints, np.full((1, 14), 0.6))
    there = moved([(person, 0)], np.array([[200.0, 100, 280, 300]]), 0.5)  # twice as large
    assert there.keypoints[0, 0] == pytest.approx([220, 200])
    assert np.isnan(there.keypoints[0, 1:]).all()
    assert there.scores == pytest.approx([0.4])
    assert there.keypoint_scores[0] == pytest.approx([0.3] * 14)
    assert there.track_ids.tolist() == [7]
