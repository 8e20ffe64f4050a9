import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.types import People
from hie_cli.evaluation.worst_frames import worst_frames


def truth(boxes, ignore=None):
    n = len(boxes)
    return Annotations(
        np.array(boxes, float).reshape(n, 4),
        np.arange(n),
        np.zeros(n, bool) if ignore is None else np.array(ignore),
    )


def found(boxes):
    return People(np.array(boxes, float).reshape(len(boxes), 4), np.ones(len(boxes)))


ONE, TWO, FAR = [0, 0, 10, 20], [30, 0, 40, 20], [70, 0, 80, 20]


def test_by_hand():
    """Frame 0: all right. Frame 20: TWO is missed, FAR is false. Frame 40: both are missed."""
    frames = [(truth([ONE, TWO]), found([ONE, TWO]))] * 41
    frames[20] = (truth([ONE, TWO]), found([FAR, ONE]))
    frames[40] = (truth([ONE, TWO]), found([]))
    first, second = worst_frames(frames, 0.5, 4)
    assert (first.index, first.missed, first.false) == (20, 1, 1)
    assert first.found.tolist() == [True, False]
    assert first.right.tolist() == [False, True]
    assert (second.index, second.missed, second.false) == (40, 2, 0)


def test_neighbours_and_frames_without_truth_are_left_out():
    bad = (truth([ONE]), found([FAR]))
    frames = [bad] * 30
    assert [frame.index for frame in worst_frames(frames, 0.5, 9)] == [0, 10, 20]
    assert [frame.index for frame in worst_frames(frames, 0.5, 2)] == [0, 10]
    nobody = (Annotations.empty(annotated=False), found([FAR]))
    assert worst_frames([nobody], 0.5, 4) == ()


def test_ignored_people_and_what_is_on_them_do_not_count():
    """Two predictions on a counting and an ignored person at one place: each has one."""
    frames = [(truth([ONE, ONE, TWO], [False, True, True]), found([ONE, ONE, FAR]))]
    (frame,) = worst_frames(frames, 0.5, 4)
    assert (frame.missed, frame.false) == (0, 1)
    assert frame.found.tolist() == [True]
    assert sorted(frame.right.tolist()) == [False, True]
