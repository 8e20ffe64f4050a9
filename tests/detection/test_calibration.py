import numpy as np

from hie_cli.detection import calibration
from hie_cli.models.calibration import ScoreCalibration

HALF = ScoreCalibration((0.0, 1.0, 0.0, 0.0), (0, 0, 0, 0, 0, 0.2, 0.8, 1, 1, 1, 1, 1))


def test_an_unknown_network_sees_everybody():
    recall = calibration.recall_by_height(None, 0.5)
    np.testing.assert_array_equal(recall(np.array([3.0, 900.0])), 1)


def test_recall_is_read_in_frame_pixels():
    # 110 and 160 input pixels are 220 and 320 frame pixels at half size; 270 lies between.
    half = calibration.recall_by_height(HALF, 0.5)
    np.testing.assert_allclose(half(np.array([220.0, 270.0, 320.0])), [0.2, 0.5, 0.8])
