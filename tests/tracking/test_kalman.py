import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hie_cli.tracking.kalman import Motion, MotionNoise, measured, to_boxes, to_centres

NOISE = MotionNoise()
FIRST = np.zeros(1, np.int64)  # the row of the only track
BOX = np.array([[100.0, 200.0, 140.0, 300.0]])  # centre 120, 250; 40 wide, 100 tall


def seen(boxes):
    """Boxes as measurements without any doubt."""
    return measured(to_centres(boxes), NOISE, np.ones(len(boxes)))


def test_boxes_of_nobody():
    motion = Motion.start(np.zeros((0, 4)), NOISE).predict(0.1, NOISE)
    assert motion.boxes().shape == (0, 4)


def test_boxes_become_centres_and_back():
    assert to_centres(BOX).tolist() == [[120, 250, 40, 100]]
    assert to_boxes(to_centres(BOX)).tolist() == BOX.tolist()


def test_a_new_track_stands_still_and_grows_unsure():
    motion = Motion.start(BOX, NOISE)
    later = motion.predict(0.1, NOISE)
    assert np.allclose(later.boxes(), BOX)
    # Deviation of the centre at first: 0.05 heights of 100 px.
    assert motion.vv[0, 0] == pytest.approx((0.05 * 100) ** 2)
    assert later.vv[0, 0] > motion.vv[0, 0]


def test_speed_is_learnt_and_carried_on():
    motion = Motion.start(BOX, NOISE)
    for step in range(1, 30):  # 5 px a frame to the right, 10 frames a second: 50 px/s
        motion = motion.predict(0.1, NOISE)
        motion = motion.update(FIRST, seen(BOX + [5 * step, 0, 5 * step, 0]))
    assert motion.rate[0, 0] == pytest.approx(50, abs=3)
    unseen = motion.predict(0.1, NOISE)
    assert unseen.value[0, 0] - motion.value[0, 0] == pytest.approx(5, abs=0.3)


def test_an_unseen_track_is_not_corrected():
    motion = Motion.start(np.vstack([BOX, BOX]), NOISE).predict(0.1, NOISE)
    after = motion.update(FIRST, seen(BOX + 30))
    assert np.array_equal(after.state[:, 1], motion.state[:, 1])
    assert (after.value[0, :2] > motion.value[0, :2]).all()
    assert (after.vv[0] < motion.vv[0]).all()


def test_a_doubtful_box_moves_the_track_less():
    """At first both deviations are .05 heights: half way; at twice that of the box a fifth."""
    motion, centres = Motion.start(BOX, NOISE), to_centres(BOX + [10, 0, 10, 0])
    for doubt, moved in ((1, 5), (2, 2)):
        after = motion.update(FIRST, measured(centres, NOISE, np.full(1, float(doubt))))
        assert after.value[0, 0] - motion.value[0, 0] == pytest.approx(moved)


def test_a_camera_shift_moves_and_a_zoom_scales():
    shift = np.array([[1, 0, 7], [0, 1, -3], [0, 0, 1.0]])
    moved = Motion.start(BOX, NOISE).warp(shift)
    assert np.allclose(moved.boxes(), BOX + [7, -3, 7, -3])
    zoomed = Motion.start(BOX, NOISE).warp(np.diag([2.0, 2.0, 1.0]))
    assert np.allclose(zoomed.boxes(), BOX * 2)


def _matrix_filter(boxes, seconds, noise):
    """The same filter with 2 x 2 matrices per coordinate, as textbooks write it."""
    scale = np.array([noise.centre, noise.centre, noise.size, noise.size])
    push = np.array([noise.acceleration] * 2 + [noise.growth] * 2)
    first = np.array([noise.speed] * 2 + [noise.growth_speed] * 2)
    z = to_centres(boxes[:1])[0]
    state = [np.array([z[k], 0.0]) for k in range(4)]
    cov = [np.diag([(scale[k] * z[3]) ** 2, (first[k] * z[3]) ** 2]) for k in range(4)]
    keep = np.exp(-seconds / noise.damping)
    f = np.array([[1, noise.damping * (1 - keep)], [0, keep]])
    for box in boxes[1:]:
        height = state[3][0]
        z = to_centres(box[None])[0]
        for k in range(4):
            q = (push[k] * height) ** 2 * np.array(
                [[seconds**3 / 3, seconds**2 / 2], [seconds**2 / 2, seconds]]
            )
            state[k] = f @ state[k]
            cov[k] = f @ cov[k] @ f.T + q
            s = cov[k][0, 0] + (scale[k] * z[3]) ** 2
            gain = cov[k][:, 0] / s
            state[k] = state[k] + gain * (z[k] - state[k][0])
            cov[k] = cov[k] - np.outer(gain, cov[k][0])
    return np.array(state), np.array(cov)


@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.5))
def test_equals_the_matrix_filter(seed, seconds):
    rng = np.random.default_rng(seed)
    boxes = BOX + rng.normal(0, 5, (6, 4)).cumsum(axis=0)
    motion = Motion.start(boxes[:1], NOISE)
    for box in boxes[1:]:
        motion = motion.predict(seconds, NOISE).update(FIRST, seen(box[None]))
    state, cov = _matrix_filter(boxes, seconds, NOISE)
    assert np.allclose(motion.value[0], state[:, 0])
    assert np.allclose(motion.rate[0], state[:, 1])
    assert np.allclose(motion.vv[0], cov[:, 0, 0])
    assert np.allclose(motion.vr[0], cov[:, 0, 1])
    assert np.allclose(motion.rr[0], cov[:, 1, 1])


def test_some_tracks_start_anew_and_the_others_stay():
    motion = Motion.start(np.vstack([BOX, BOX]).reshape(-1, 4), NOISE).predict(0.5, NOISE)
    there = np.array([[10.0, 20, 30, 80]])
    first = Motion.start(there, NOISE)
    restarted = motion.replaced(np.array([1]), first)
    for name in ("value", "rate", "vv", "vr", "rr"):
        assert np.array_equal(getattr(restarted, name)[0], getattr(motion, name)[0])
        assert np.array_equal(getattr(restarted, name)[1], getattr(first, name)[0])
