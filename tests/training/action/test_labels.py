import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.types import FramePeople, People
from hie_cli.training.action.labels import labels_of, matched, spread


def people(*boxes):
    return People(np.array(boxes, float).reshape(-1, 4), np.ones(len(boxes)))


def truth(boxes, actions):
    n = len(boxes)
    return Annotations(
        np.array(boxes, float).reshape(-1, 4), np.arange(n), np.zeros(n, bool), actions=actions
    )


def test_nobody():
    assert matched(people(), truth([[0, 0, 9, 9]], [3])).tolist() == []
    assert matched(people([0, 0, 9, 9]), truth([], np.zeros(0))).tolist() == [-1]
    assert spread([], {}, 5) == {}
    assert labels_of([], []) == {}


def test_labels_go_to_the_box_that_overlaps():
    seen = people([100, 0, 110, 20], [1, 0, 10, 20], [50, 50, 60, 60])
    exact = truth([[0, 0, 10, 20], [100, 0, 110, 20]], [4, 7])
    assert matched(seen, exact).tolist() == [7, 4, -1]


def test_two_boxes_on_one_truth_give_one_label():
    seen = people([0, 0, 10, 20], [0, 0, 10, 19])
    assert matched(seen, truth([[0, 0, 10, 20]], [4])).tolist() == [4, -1]


def test_action_0_is_an_action():
    assert matched(people([0, 0, 9, 9]), truth([[0, 0, 9, 9]], [0])).tolist() == [0]


def test_labels_spread_between_labelled_frames_along_tracks():
    ids = [np.array([5, 6])] * 21
    ids[10] = np.array([6, 5, 8])
    labels = {0: np.array([1, 2]), 20: np.array([3, 2])}
    found = spread(ids, labels, 5)
    assert sorted(found) == [0, 5, 10, 15, 20]
    assert found[5].tolist() == [1, 2]  # nearer to frame 0
    assert found[15].tolist() == [3, 2]  # nearer to frame 20
    assert found[10].tolist() == [2, 1, -1]  # as near: the earlier one; 8 has no label anywhere


def test_nothing_is_carried_past_the_last_labels_or_along_a_lost_track():
    ids = [np.array([5])] * 31
    ids[20] = np.array([9])
    found = spread(ids, {10: np.array([1]), 20: np.array([1])}, 5)
    assert sorted(found) == [10, 15, 20]
    assert found[15].tolist() == [-1]  # the track is gone at frame 20
    untracked = [np.array([-1])] * 21
    assert spread(untracked, {0: np.array([1]), 20: np.array([1])}, 10)[10].tolist() == [-1]


def test_labels_of_takes_frames_that_name_actions():
    observed = [FramePeople(t, people([0, 0, 9, 9])) for t in range(3)]
    truths = [truth([[0, 0, 9, 9]], [2]), truth([[0, 0, 9, 9]], [-1])]
    found = labels_of(observed, truths)
    assert {k: v.tolist() for k, v in found.items()} == {0: [2]}
