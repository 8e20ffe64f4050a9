import numpy as np
import pytest

from hie_cli.core.types import People, VideoInfo
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.tracker import Tracker
from tests.support.observations import observation

VIDEO = VideoInfo("v", 640, 480, 10.0, None)


def test_of_two_boxes_as_near_the_one_moving_along_continues_the_track():
    """A walker at 10 px a frame; then one box 4 px ahead of the expected place, one 4 px behind."""
    for ways in ([[10, 0], [-10, 0]], [[-10, 0], [10, 0]]):
        tracker = Tracker(TrackConfig(), VIDEO)
        for t in range(10):
            tracker.step(observation([[100.0 + 10 * t, 100, 140 + 10 * t, 200]], t, [[10, 0]]))
        both = [[196.0, 100, 236, 200], [204.0, 100, 244, 200]]
        numbers = tracker.step(observation(both, 10, ways)).numbers
        assert numbers[0 if ways[0][0] > 0 else 1] == 1


def test_given_boxes_belong_to_who_was_there_a_moment_ago():
    """1 stands still at 200 to 240; 2 comes from the left, 10 px a frame, and is hidden behind 1
    from frame 8 on (expected at 180, 190, 200 px). Then 1's box shrinks to the one expected of 2:
    less like 1's last box than like 2's, whose uncertain place reaches farther.
    """
    tracker = Tracker(TrackConfig(), VIDEO)
    standing = [200.0, 100, 240, 200]
    for t in range(8):
        tracker.step(observation([standing, [100.0 + 10 * t, 108, 140 + 10 * t, 192]], t))
    for t in range(8, 10):
        assert tracker.step(observation([standing], t)).numbers.tolist() == [1]
    assert tracker.step(observation([[202.0, 108, 242, 192]], 10)).numbers.tolist() == [1]


def test_a_newcomers_given_box_is_not_taken_by_who_is_hidden_there():
    """1 walks 10 px a frame to 190 px and is gone; where 1 is expected 3 appears, and stays."""
    tracker = Tracker(TrackConfig(), VIDEO)
    for t in range(10):
        tracker.step(observation([[100.0 + 10 * t, 100, 140 + 10 * t, 200]], t))
    far = [[500.0, 100, 540, 200], [560.0, 100, 600, 200]]
    assert tracker.step(observation(far[:1], 10)).numbers.tolist() == [2]
    numbers = tracker.step(observation([far[0], [225.0, 90, 275, 220]], 11)).numbers.tolist()
    assert numbers == [2, 3]
    assert tracker.step(observation([far[0], [222.0, 95, 268, 212]], 12)).numbers.tolist() == [2, 3]


@pytest.mark.parametrize(("gap", "continued"), [(3, True), (7, False)])
def test_weak_detections_go_to_tracks_seen_lately(gap, continued):
    """At 10 frames a second ``weak_seconds`` are 5 frames; the person stands still."""
    tracker, box = Tracker(TrackConfig(), VIDEO), [[100.0, 100, 140, 200]]
    for t in range(10):
        tracker.step(observation(box, t))
    for t in range(10, 9 + gap):
        tracker.step(observation([], t))
    weak = Observation(9 + gap, People(np.array(box), np.array([0.4])))
    assert bool(tracker.step(weak).numbers[0] == 1) is continued


@pytest.mark.parametrize(("left", "number"), [(110, -1), (120, 2)])
def test_a_weak_detection_more_like_somebody_already_found_is_nobody_elses(left, number):
    """Two stand at 100..140 and 130..170; the first is found in place, the second only weakly.

    At 110..150 the weak box overlaps the first by 30 of 50 px, the second by 20 of 60; at 120..160
    it is the other way round.
    """
    tracker = Tracker(TrackConfig(min_low_similarity=0.2), VIDEO)
    first, second = [100.0, 100, 140, 200], [130.0, 100, 170, 200]
    for t in range(10):
        tracker.step(observation([first, second], t))
    weak = [float(left), 100, left + 40.0, 200]
    people = People(np.array([first, weak]), np.array([0.9, 0.4]))
    assert tracker.step(Observation(10, people)).numbers.tolist() == [1, number]


@pytest.mark.parametrize(
    ("score", "numbers"), [(0.9, [2, 4, 3]), (0.89, [2, 4, 3]), (0.8, [1, 2, 3])]
)
def test_given_boxes_keep_a_sure_match_rather_than_two_poor_ones(score, numbers):
    """Tracks 1 and 2 stand at 100..140 and 113..153; then there are boxes at 113..153 and 126..166.

    The second track overlaps the first of these by all, each track the box beside it by 27 of 53
    px: .51 + .51 is more than 1, but not if .2 of each count for nothing. A detector's scores
    differ (that of the third, far away): its boxes jitter, and both tracks go on.
    """
    tracker = Tracker(TrackConfig(slack=0.0), VIDEO)
    for t, left in enumerate((100.0, 113.0)):
        boxes = [
            [left, 100, left + 40, 200],
            [left + 13, 100, left + 53, 200],
            [400, 100, 440, 200],
        ]
        people = People(np.array(boxes), np.array([0.9, 0.9, score]))
        found = tracker.step(Observation(t, people)).numbers
    assert found.tolist() == numbers
