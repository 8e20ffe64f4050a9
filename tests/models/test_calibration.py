import math

import numpy as np
import pytest

from hie_cli.models import registry
from hie_cli.models.calibration import (
    HEIGHTS,
    JointCalibration,
    ScoreCalibration,
)
from hie_cli.models.packaged import MODELS
from hie_cli.models.spec import ModelSpec

SCORED = [m for m in MODELS if m.score is not None]
JOINTED = [m for m in MODELS if m.joints is not None]


def test_probability_is_the_stated_formula():
    c = ScoreCalibration(coefficients=(0.5, 2.0, -1.0, 0.25), recall=(0.5,) * 12, blur=0.0)
    u = math.log(200 / 100)
    logit = 0.5 + 2 * math.log(0.3 / 0.7) - u + 0.25 * u**2
    expected = 1 / (1 + math.exp(-logit))
    assert c.probability(np.array([0.3]), np.array([200.0]))[0] == pytest.approx(expected)


def test_nobody_has_no_probability():
    assert len(registry.find("nanodet").score.probability(np.zeros(0), np.zeros(0))) == 0


@pytest.mark.parametrize("model", SCORED, ids=lambda model: model.name)
@pytest.mark.parametrize("height", [5.0, 30.0, 100.0, 400.0, 5000.0])
def test_a_higher_score_is_always_a_higher_chance(model, height):
    chance = model.score.probability(np.linspace(0, 1, 50), np.full(50, height))
    assert (np.diff(chance) >= 0).all()
    assert chance[0] < 0.05
    assert chance[-1] > 0.9


def test_enlarging_blurs_for_nanodet_only():
    for name, loses in (("nanodet", True), ("movenet-multipose", False)):
        known = registry.find(name).score
        plain = np.array(known.recall)
        assert (known.recall_at(2.0) < plain).any() == loses
        np.testing.assert_array_equal(known.recall_at(0.5), plain)


def test_multipose_is_blind_to_people_taller_than_half_a_thousand_pixels():
    def recall(name, height):
        return np.interp(height, HEIGHTS, registry.find(name).score.recall_at(1.0))

    assert recall("movenet-multipose", 600) == 0
    assert recall("nanodet", 600) > 0.3


@pytest.mark.parametrize("model", JOINTED, ids=lambda model: model.name)
def test_joint_probability_rises_with_the_score(model):
    chance = model.joints.probability(np.linspace(0, 1, 20)[None])[0]
    assert chance[0] == 0
    assert (np.diff(chance) > 0).all()
    assert chance[-1] > 0.9


def test_joints_of_people_small_in_the_input_are_less_certain():
    joints = JointCalibration((1.852, 1.047, 1.334))
    chance = joints.probability(np.full((3, 14), 0.5), np.array([30.0, 100.0, 300.0]))
    logit = 1.852 + 1.334 * np.log(30 / 100)  # the score's own logit is 0
    np.testing.assert_allclose(chance[0], 1 / (1 + np.exp(-logit)))
    assert chance[1, 0] == chance[2, 0] > chance[0, 0]


@pytest.mark.parametrize(
    ("coefficients", "recall"),
    [((1, 2, 3), (1,) * 12), ((1, 2, 3, 4), (1,) * 11), ((1, 2, 3, 4), (2,) * 12)],
)
def test_a_calibration_that_makes_no_sense(coefficients, recall):
    with pytest.raises(ValueError, match=r"expected 4|within 0\.\.1"):
        ScoreCalibration(coefficients, recall)


def test_a_detector_without_calibration_is_taken_at_its_word():
    found = ModelSpec("x", "detect").person_probability(np.array([0.3]), np.array([50.0]))
    np.testing.assert_array_equal(found, [0.3])


def test_a_score_of_one_half_stays_where_the_fit_says_nothing():
    score = ScoreCalibration((0.0, 1.0, 0.0, 0.0), (1.0,) * 12)
    model = ModelSpec("x", "detect", score=score)
    found = model.person_probability(np.array([0.5]), np.array([70.0]))
    assert found[0] == pytest.approx(0.5)
