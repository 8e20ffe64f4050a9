import numpy as np

from hie_cli.camera.shift_vote import ShiftVote
from hie_cli.tracking.kalman import Motion, MotionNoise, measured, to_centres

NOISE = MotionNoise()
PLACES = np.array([[100.0, 200], [250, 220], [400, 210], [520, 240], [620, 230]])


def boxes(places):
    return np.concatenate([places - [20, 50], places + [20, 50]], axis=1)


def run(shifts, people=5, seed=0):
    """The estimated shifts where everybody shifts by these (T, 2) px, with 2 px of own jitter."""
    rng = np.random.default_rng(seed)
    camera, place, found = ShiftVote(), PLACES[:people].copy(), []
    motion = Motion.start(boxes(place), NOISE)
    for shift in shifts:
        place += shift
        seen = boxes(place + rng.normal(0, 2, place.shape))
        expected = motion.predict(0.1, NOISE)
        matrix = camera.step(expected.value, expected.vv[:, 0], to_centres(seen))
        found.append(np.zeros(2) if matrix is None else matrix[:2, 2])
        motion = motion.predict(0.1, NOISE)
        motion = motion if matrix is None else motion.warp(matrix)
        measurement = measured(to_centres(seen), NOISE, np.ones(len(place)))
        motion = motion.update(np.arange(len(place)), measurement)
    return np.array(found)


def test_without_tracks_or_detections_nothing_is_known():
    people, nobody = to_centres(boxes(PLACES)), np.zeros((0, 4))
    variance = np.ones(len(people))
    assert ShiftVote().step(people, variance, nobody) is None
    assert ShiftVote().step(nobody, np.zeros(0), people) is None
    assert ShiftVote().step(people, variance, people * [1, 1, 3, 3]) is None  # nobody alike


def test_what_everybody_does_is_the_cameras():
    """A shaking camera: jumps of 60 px, more than a person's width, to and fro."""
    shifts = np.array([[60.0, 0], [-60, 10], [60, -10], [-60, 0]] * 5)
    assert np.abs(run(shifts)[4:] - shifts[4:]).max() < 10


def test_a_still_camera_stays_still():
    assert np.abs(run(np.zeros((30, 2)))[10:]).max() < 1.5


def test_one_who_walks_alone_is_not_the_camera():
    """A steady walk of 8 px a frame is in the track's own speed soon."""
    found = run(np.tile([8.0, 0], (30, 1)), people=1)
    assert np.abs(found[15:]).max() < 4
