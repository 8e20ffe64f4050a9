import numpy as np

from hie_cli.camera.common_motion import CommonMotion, common_motions, shared_motion

HEIGHTS = np.array([60.0, 100, 140, 200, 80])


def boxes(shift=(0.0, 0.0)):
    low = np.stack([100.0 + 150 * np.arange(5), np.full(5, 300.0)], 1) + shift
    return np.concatenate([low, low + np.stack([HEIGHTS / 3, HEIGHTS], 1)], 1)


def walked(share):
    """Each moved to the right by this share of the own height."""
    after = boxes()
    after[:, [0, 2]] += share * HEIGHTS[:, None]
    return after


def test_a_pan_moves_near_and_far_people_alike():
    assert shared_motion(boxes(), boxes((12, -5))).tolist() == [[12, -5]]


def test_people_who_walk_the_same_way_are_no_pan():
    assert np.isnan(shared_motion(boxes(), walked(0.2))).all()


def test_few_people_and_people_who_stand_say_nothing():
    assert np.isnan(shared_motion(boxes()[:3], boxes((12, 0))[:3])).all()
    assert np.isnan(shared_motion(boxes(), boxes((0.5, 0)))).all()


def test_several_frames_at_once_are_told_apart():
    """A pan, a walk, nobody, a pan that one of five does not take part in, and too few."""
    other = boxes((0, 40))
    other[0] += 200
    new = [boxes((12, -5)), walked(0.2), other, boxes((12, 0))[:3]]
    frame = np.repeat([0, 1, 3, 4], [5, 5, 5, 3])
    old = np.concatenate([boxes(), boxes(), boxes(), boxes()[:3]])
    shifts = shared_motion(old, np.concatenate(new), frame, 6)
    assert shifts[0].tolist() == [12, -5]
    assert shifts[3].tolist() == [0, 40]
    assert np.isnan(shifts[[1, 2, 4, 5]]).all()


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


def test_all_frames_at_once_are_as_one_by_one():
    """People come and go, some frames are missing, and one has nobody."""
    rng = np.random.default_rng(1)
    frames = np.array([0, 1, 2, 3, 5, 6, 7, 9, 10, 20, 21, 22])
    ids, seen = [], []
    for t in frames.tolist():
        here = rng.permutation(12)[: 0 if t == 6 else 9]
        places = np.stack([150.0 * here + 20 * t, np.full(len(here), 300.0)], axis=1)
        places += rng.normal(0, 0.5, places.shape)
        ids.append(here + 1)
        size = np.stack([20.0 + 5 * here, 60.0 + 15 * here], axis=1)
        seen.append(np.concatenate([places, places + size], axis=1))
    common = CommonMotion(25.0)
    one_by_one = [common.step(*each) for each in zip(frames.tolist(), ids, seen, strict=True)]
    together = common_motions(frames, ids, seen, 25.0)
    assert sum(matrix is not None for matrix in together) > 5
    for one, other in zip(one_by_one, together, strict=True):
        assert (one is None) == (other is None)
        assert one is None or np.allclose(one, other, rtol=0, atol=1e-12)
    assert common_motions(np.zeros(0, np.int64), [], [], 25.0) == []
