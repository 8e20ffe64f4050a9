import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.skeletons import (
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    NOSE,
    RIGHT_ANKLE,
    RIGHT_SHOULDER,
)
from hie_cli.simulation import body as b
from hie_cli.simulation.body import FLESH, NUM_ANGLES, Body, draw_body, posed, still

BODY = Body(1.8, 1.0)


def stand(heading=0.0, **columns):
    motion = np.zeros((1, NUM_ANGLES))
    for name, value in columns.items():
        motion[0, getattr(b, name)] = value
    return posed(BODY, motion, np.array([[2.0, 10.0, 0.0]]), np.array([heading]))[0]


def test_nobody_moves_in_no_time():
    assert posed(BODY, still(0), np.zeros((0, 3)), np.zeros(0)).shape == (0, 18, 3)


def test_an_upright_person_is_as_tall_as_the_body():
    # ankle .039 + shank .246 + thigh .245 + trunk .288 + head .182 = 1.000 of the height
    points = stand()
    assert points[b.HEAD_TOP, 2] == pytest.approx(1.8, abs=1e-9)
    assert points[[RIGHT_ANKLE, LEFT_ANKLE], 2] == pytest.approx([0.039 * 1.8] * 2)


def test_left_is_on_the_left_of_who_looks_away_from_the_camera():
    away = stand(heading=np.pi / 2)
    assert away[LEFT_SHOULDER, 0] < 2.0 < away[RIGHT_SHOULDER, 0]
    assert away[NOSE, 1] > 10.0


def test_signs_of_the_angles():
    assert stand(LEAN=0.5)[NOSE, 0] > stand()[NOSE, 0]  # heading 0 faces +x
    assert stand(SIDE=0.5)[NOSE, 1] > 10.0  # left of +x is +y
    assert stand(ROLL=0.5)[NOSE, 1] > 10.0
    assert stand(L_LEG=0.5)[LEFT_KNEE, 0] > 2.0
    assert stand(L_KNEE=0.5)[LEFT_ANKLE, 0] < 2.0
    assert stand(L_ARM_OUT=0.5)[6, 1] > stand()[6, 1]


def test_who_lies_is_near_the_ground():
    down = stand(PITCH=np.pi / 2)
    assert down[:, 2].max() < 0.45
    assert down[b.HEAD_TOP, 0] > 2.5


def test_a_seat_holds_the_pelvis():
    assert stand(SEAT=1.0, SEAT_HEIGHT=0.5)[b.PELVIS, 2] == pytest.approx(0.5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_bones_keep_their_length_and_nothing_sinks_into_the_ground(seed):
    rng = np.random.default_rng(seed)
    body = draw_body(rng)
    motion = rng.uniform(-1.5, 1.5, (5, NUM_ANGLES))
    motion[:, [b.LIFT, b.SEAT]] = 0
    points = posed(body, motion, np.zeros((5, 3)), rng.uniform(-3, 3, 5))
    rigid = [(p, q) for p, q, _, _ in FLESH if (p, q) != (NOSE, b.HEAD_TOP)]
    for p, q in [*rigid, (LEFT_HIP, LEFT_KNEE)]:
        lengths = np.linalg.norm(points[:, p] - points[:, q], axis=-1)
        assert np.ptp(lengths) < 1e-9
    assert points[..., 2].min() > -1e-9
