import numpy as np

from hie_cli.camera.shift_vote import ShiftVote
from hie_cli.tracking.kalman import Motion, MotionNoise, measured, to_centres

NOISE = MotionNoise()
PLACES = np.array([[100.0, 200], [250, 220], [400, 210], [520, 240], [620, 230]])


def boxes(places):
    return np.concatenate([places - [20, 50], places + [20, 50]], axis=1)


def run(shifts, people=5, seed=0, known=False):
    """The estimated shifts where everybody shifts by these (T, 2) px, with 2 px of own jitter;
    ``known``: whose the detections are.
    """
    rng = np.random.default_rng(seed)
    camera, place, found = ShiftVote(), PLACES[:people].copy(), []
    motion = Motion.start(boxes(place), NOISE)
    for shift in shifts:
        place += shift
        seen = boxes(place + rng.normal(0, 2, place.shape))
        expected = motion.predict(0.1, NOISE)
        expects = expected.value, expected.vv[:, 0], to_centres(seen)
        alone = np.zeros(len(seen), np.int64)
        if known:
            matrix = camera.follow(*expects, alone).get(0)
        else:
            matrix = camera.vote(*expects, alone, alone).get(0)
        found.append(np.zeros(2) if matrix is None else matrix[:2, 2])
        motion = motion.predict(0.1, NOISE)
        motion = motion if matrix is None else motion.warp(matrix)
        measurement = measured(to_centres(seen), NOISE, np.ones(len(place)))
        motion = motion.update(np.arange(len(place)), measurement)
    return np.array(found)


def test_without_tracks_or_detections_nothing_is_known():
    people, nobody = to_centres(boxes(PLACES)), np.zeros((0, 4))
    variance = np.ones(len(people))
    alone, none = np.zeros(len(people), np.int64), np.zeros(0, np.int64)
    vote = ShiftVote()
    assert vote.vote(people, variance, nobody, alone, none) == {}
    assert vote.vote(nobody, np.zeros(0), people, none, alone) == {}
    assert vote.vote(people, variance, people * [1, 1, 3, 3], alone, alone) == {}  # nobody alike
    assert vote.follow(nobody, np.zeros(0), nobody, none) == {}
    assert not vote.moves()


def test_several_cameras_are_told_as_each_by_itself():
    """One shakes by 20 px to and fro, one stands still."""
    rng = np.random.default_rng(3)
    together, apart = ShiftVote(2), [ShiftVote(), ShiftVote()]
    people, alone = to_centres(boxes(PLACES)), np.zeros(len(PLACES), np.int64)
    variance, whose = np.full(len(people), 25.0), np.repeat([0, 1], len(people))
    for t in range(10):
        found = [people + rng.normal(0, 1, people.shape) for _ in apart]
        found[0][:, 0] += 20 * (-1) ** t
        every = np.concatenate(found)
        if t % 2:
            moved = together.follow(np.tile(people, (2, 1)), np.tile(variance, 2), every, whose)
            each = [v.follow(people, variance, f, alone) for v, f in zip(apart, found, strict=True)]
        else:
            both = np.tile(people, (2, 1)), np.tile(variance, 2), every
            moved = together.vote(*both, whose, whose)
            each = [
                v.vote(people, variance, f, alone, alone) for v, f in zip(apart, found, strict=True)
            ]
        assert sorted(moved) == [number for number, one in enumerate(each) if one]
        for number, one in enumerate(each):
            if one:
                assert np.allclose(moved[number], one[0])
        assert together.moves(0)


def test_what_everybody_does_is_the_cameras():
    """A shaking camera: jumps of 60 px, more than a person's width, to and fro."""
    shifts = np.array([[60.0, 0], [-60, 10], [60, -10], [-60, 0]] * 5)
    assert np.abs(run(shifts)[4:] - shifts[4:]).max() < 10
    small = shifts / 3
    assert np.abs(run(small, known=True)[4:] - small[4:]).max() < 10


def test_a_still_camera_stays_still():
    assert np.abs(run(np.zeros((30, 2)))[10:]).max() < 1.5
    assert not run(np.zeros((30, 2)), known=True)[10:].any()


def test_one_who_walks_alone_is_not_the_camera():
    """A steady walk of 8 px a frame is in the track's own speed soon."""
    found = run(np.tile([8.0, 0], (30, 1)), people=1)
    assert np.abs(found[15:]).max() < 4
