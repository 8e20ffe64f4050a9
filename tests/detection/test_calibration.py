import numpy as np
import pytest

from hie_cli.detection import calibration
from hie_cli.models.calibration import ScoreCalibration

HALF = ScoreCalibration((0.0, 1.0, 0.0, 0.0), (0, 0, 0, 0, 0, 0.2, 0.8, 1, 1, 1, 1, 1))


def test_an_unknown_network_is_taken_at_its_word_and_sees_everybody():
    found = calibration.probability(None, np.array([0.3]), np.array([50.0]))
    np.testing.assert_array_equal(found, [0.3])
    recall = calibration.recall_by_height(None, 0.5)
    np.testing.assert_array_equal(recall(np.array([3.0, 900.0])), 1)


def test_recall_is_read_in_frame_pixels():
    # 110 and 160 input pixels are 220 and 320 frame pixels at half size; 270 lies between.
    half = calibration.recall_by_height(HALF, 0.5)
    np.testing.assert_allclose(half(np.array([220.0, 270.0, 320.0])), [0.2, 0.5, 0.8])


def test_a_score_of_one_half_stays_where_the_fit_says_nothing():
    found = calibration.probability(HALF, np.array([0.5]), np.array([70.0]))
    assert found[0] == pytest.approx(0.5)
