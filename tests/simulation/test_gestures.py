import numpy as np

from hie_cli.core.skeletons import LEFT_ANKLE, NOSE, RIGHT_ANKLE
from hie_cli.simulation import body as b
from hie_cli.simulation import gestures as g
from hie_cli.simulation.style import Style

STYLE = Style(*[0.5] * 8)
BODY = b.Body(1.75, 1.0)


def test_the_standing_foot_does_not_slide():
    speed, dt = 1.3, 0.04
    distance = speed * dt * np.arange(150)
    motion = g.gait(np.random.default_rng(1), STYLE, BODY, distance)
    position = np.column_stack([distance, np.zeros((150, 2))])
    points = b.posed(BODY, motion, position, np.zeros(150))
    ankles = points[:, [RIGHT_ANKLE, LEFT_ANKLE]]
    low = ankles[..., 2].argmin(1)
    same = low[1:] == low[:-1]
    t = np.arange(149)[same]
    slip = (ankles[t + 1, low[t], 0] - ankles[t, low[t], 0]) / dt
    assert abs(np.median(slip)) < 0.35 * speed  # the body itself moves at ``speed``


def test_both_feet_step_alternately():
    motion = g.gait(np.random.default_rng(2), STYLE, BODY, np.linspace(0, 10, 400))
    assert np.corrcoef(motion[:, b.R_LEG], motion[:, b.L_LEG])[0, 1] < -0.95


def test_a_fall_ends_on_the_ground():
    rng, t = np.random.default_rng(3), np.arange(150) * 0.04
    motion = g.fall(rng, g.stand(rng, STYLE, 150, 0.04), t, 2.0)
    nose = b.posed(BODY, motion, np.zeros((150, 3)), np.zeros(150))[:, NOSE, 2]
    assert nose[:45].min() > 1.3
    assert nose[-20:].max() < 0.6


def test_wander_has_the_asked_spread_and_is_smooth():
    signal = g.wander(np.random.default_rng(0), 20000, 0.04, 1.0, 0.5)
    assert 0.35 < signal.std() < 0.6
    # unsmoothed, its steps would spread by .5 * sqrt(2 * (1 - exp(-.04))) = .14
    assert np.diff(signal).std() < 0.07
    assert g.wander(np.random.default_rng(0), 0, 0.04, 1.0, 0.5).shape == (0,)


def test_ease_and_blend():
    assert g.ease(np.array([0.0, 1.0, 1.5, 2.0, 9.0]), 1.0, 2.0).tolist() == [0, 0, 0.5, 1, 1]
    a, c = np.zeros((2, 3)), np.ones((2, 3))
    assert g.blend(a, c, np.array([0.0, 0.25])).tolist() == [[0] * 3, [0.25] * 3]
