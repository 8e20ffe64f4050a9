import math

import numpy as np
import pytest

from hie_cli.detection import calibration
from hie_cli.detection.calibration import CALIBRATIONS, Calibration


def test_probability_is_the_stated_formula():
    c = Calibration(score=(0.5, 2.0, -1.0, 0.25), recall=(0.5,) * 12, blur=0.0)
    u = math.log(200 / 100)
    logit = 0.5 + 2 * math.log(0.3 / 0.7) - u + 0.25 * u**2
    expected = 1 / (1 + math.exp(-logit))
    assert c.probability(np.array([0.3]), np.array([200.0]))[0] == pytest.approx(expected)


def test_nobody_has_no_probability():
    assert len(calibration.probability("nanodet", np.zeros(0), np.zeros(0))) == 0


@pytest.mark.parametrize("name", sorted(CALIBRATIONS))
@pytest.mark.parametrize("height", [5.0, 30.0, 100.0, 400.0, 5000.0])
def test_a_higher_score_is_always_a_higher_chance(name, height):
    scores = np.linspace(0, 1, 50)
    chance = calibration.probability(name, scores, np.full(50, height))
    assert (np.diff(chance) >= 0).all()
    assert chance[0] < 0.05
    assert chance[-1] > 0.9


def test_an_unknown_network_is_taken_at_its_word_and_sees_everybody():
    np.testing.assert_array_equal(
        calibration.probability("mine", np.array([0.3]), np.array([50.0])), [0.3]
    )
    np.testing.assert_array_equal(calibration.competence("mine", 0.5)(np.array([3.0, 900.0])), 1)


def test_competence_is_read_in_frame_pixels():
    # 110 input pixels are 220 frame pixels at half size.
    half = calibration.competence("movenet-multipose", 0.5)
    full = calibration.competence("movenet-multipose", 1.0)
    assert half(np.array([220.0])) == pytest.approx(full(np.array([110.0])))


def test_enlarging_blurs_for_nanodet_only():
    height = np.array([100.0])
    for name, loses in (("nanodet", True), ("movenet-multipose", False)):
        known = CALIBRATIONS[name]
        plain = np.interp(200.0, calibration._HEIGHTS, known.recall)
        enlarged = known.competence(2.0)(height)[0]
        assert (enlarged < plain - 0.1) == loses


def test_multipose_is_blind_to_people_taller_than_half_a_thousand_pixels():
    assert calibration.competence("movenet-multipose", 1.0)(np.array([600.0]))[0] == 0
    assert calibration.competence("nanodet", 1.0)(np.array([600.0]))[0] > 0.3
