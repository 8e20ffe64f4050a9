"""What a detector's raw scores mean and which heights it sees, from the record it carries."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.detection.box_fusion import ALWAYS, RecallByHeight
from hie_cli.models.calibration import HEIGHTS, ScoreCalibration


def recall_by_height(calibration: ScoreCalibration | None, scale: float) -> RecallByHeight:
    """Recall by height in frame pixels; ``scale`` = input pixels per frame pixel.

    A network that is not calibrated sees every height.
    """
    if calibration is None:
        return ALWAYS
    return RecallByHeight(HEIGHTS / scale, calibration.recall_at(scale))


def probability(
    calibration: ScoreCalibration | None,
    scores: NDArray[np.floating],
    heights: NDArray[np.floating],
) -> NDArray[np.float64]:
    """P(true) of raw scores; those of a network that is not calibrated are taken at their word."""
    if calibration is None:
        return np.asarray(scores, np.float64)
    return calibration.probability(scores, heights)
