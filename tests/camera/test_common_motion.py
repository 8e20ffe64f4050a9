import numpy as np

from hie_cli.camera.common_motion import CommonMotion, shared_motion

HEIGHTS = np.array([60.0, 100, 140, 200, 80])


def boxes(shift=(0.0, 0.0)):
    low = np.stack([100.0 + 150 * np.arange(5), np.full(5, 300.0)], 1) + shift
    return np.concatenate([low, low + np.stack([HEIGHTS / 3, HEIGHTS], 1)], 1)


def test_a_pan_moves_near_and_far_people_alike():
    assert shared_motion(boxes(), boxes((12, -5))).tolist() == [12, -5]


def test_people_who_walk_the_same_way_are_no_pan():
    after = boxes()
    after[:, [0, 2]] += 0.2 * HEIGHTS[:, None]  # each by its own height
    assert shared_motion(boxes(), after) is None


def test_few_people_and_people_who_stand_say_nothing():
    assert shared_motion(boxes()[:3], boxes((12, 0))[:3]) is None
    assert shared_motion(boxes(), boxes((0.5, 0))) is None


def test_frame_by_frame():
    """At 25 f/s the lag is 3 frames: the shift from frame t - 3, or the first, is shared evenly."""
    common, ids = CommonMotion(25.0), np.array([7, 3, 5, 9, 1])
    shifts = [common.step(t, ids, boxes((20.0 * t, 0))) for t in range(5)]
    assert shifts[0] is None
    assert [s[0, 2] for s in shifts[1:]] == [20, 20, 20, 20]
    order = [4, 2, 0, 1, 3]  # the same people, listed otherwise; and somebody new
    now = np.concatenate([boxes((100.0, 0))[order], [[0, 0, 10, 30]]])
    assert common.step(5, np.append(ids[order], 2), now)[0, 2] == 20
    assert common.step(20, ids, boxes((400.0, 0))) is None  # too long ago
