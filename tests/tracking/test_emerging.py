import numpy as np
import pytest

from hie_cli.core.types import People, VideoInfo
from hie_cli.tracking.emerging import emerging
from hie_cli.tracking.settings import Observation, TrackConfig
from hie_cli.tracking.tracker import Tracker

VIDEO = VideoInfo("v", 640, 480, 25.0, None)


def pairs(before, boxes):
    apart = np.zeros((len(before), len(boxes)), bool)
    found = emerging(np.array(before, float), np.array(boxes, float), ~apart, apart, VIDEO)
    return [part.tolist() for part in found]


@pytest.mark.parametrize(
    ("before", "box", "same"),
    [
        ([100, 460, 120, 480], [96, 420, 124, 480], True),  # head first over the lower edge
        ([96, 420, 124, 480], [100, 470, 110, 480], True),  # and out again
        ([100, 460, 120, 480], [96, 410, 124, 470], False),  # does not reach the edge
        ([100, 460, 120, 480], [115, 420, 143, 480], False),  # a quarter of the smaller box
        ([100, 400, 140, 520], [96, 420, 124, 480], False),  # known beyond the edge: not cut there
    ],
)
def test_who_is_cut_by_the_same_edge_and_within_one_another(before, box, same):
    assert pairs([before], [box]) == ([[0], [0]] if same else [[], []])


def test_each_goes_to_the_one_it_lies_within_most():
    """20 px of the first's 30 px lie in the second new box, all 30 in the first one."""
    before = [[100, 460, 130, 480], [150, 460, 170, 480]]
    boxes = [[145, 430, 175, 480], [95, 430, 135, 480]]
    assert pairs(before, boxes) == [[0, 1], [1, 0]]
    assert pairs(before, np.zeros((0, 4))) == [[], []]


def test_who_comes_in_over_the_edge_keeps_one_number():
    """Twice as tall at once, then once more; the motion model starts anew each time."""
    tracker = Tracker(TrackConfig(), VIDEO)
    sizes = [(20, 10)] * 5 + [(28, 24)] * 2 + [(36, 70)] * 2
    for t, (width, height) in enumerate(sizes):
        box = [[110 - width / 2, 480 - height, 110 + width / 2, 480]]
        people = People(np.array(box), np.full(1, 0.9))
        assert tracker.step(Observation(t, people)).numbers.tolist() == [1]


@pytest.mark.parametrize(
    ("box", "others", "same"),
    [
        ([300, 100, 345, 165], [], True),  # stretches an arm: 2.25 times as wide
        ([300, 100, 345, 165], [[340, 90, 370, 170]], False),  # it may be the one who came
        ([300, 100, 350, 230], [], False),  # 2.2 times as high
        ([312, 100, 357, 165], [], False),  # eight of twenty px lie within
    ],
)
def test_in_open_ground_a_box_may_change_at_once_where_nobody_else_is(box, others, same):
    """Somebody stands at 300 to 320, 60 px high."""
    tracker = Tracker(TrackConfig(slack=0.0), VIDEO)
    for t in range(5):
        people = People(np.array([[300.0, 102, 320, 162]]), np.full(1, 0.9))
        assert tracker.step(Observation(t, people)).numbers.tolist() == [1]
    boxes = np.array([box, *others], float)
    found = tracker.step(Observation(5, People(boxes, np.full(len(boxes), 0.9)))).numbers
    assert bool(found[0] == 1) is same
