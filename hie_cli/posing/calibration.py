"""What a network's raw joint score means: the chance of being within half a head."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.models.calibration import JointCalibration

# A head is about 0.13 of the stature (Winter, Biomechanics of Human Movement, table 4.1 segment
# lengths); half of it in units of the height of a box round the whole body.
HALF_HEAD = 0.065


def joint_probability(
    calibration: JointCalibration | None,
    scores: NDArray[np.floating],
    heights: NDArray[np.floating] | None = None,
) -> NDArray[np.float64]:
    """P(within half a head) of raw joint scores (N, 14); 0 stays 0.

    ``heights`` (N,) of the people in network input pixels; None: large enough. The scores of a
    network without calibration are taken at their word.
    """
    if calibration is None:
        return np.asarray(scores, np.float64)
    return calibration.probability(scores, heights)
