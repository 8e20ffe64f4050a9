"""What a network's raw joint score means: the chance that the joint is within half a head length.

P = sigmoid(b0 + b1 logit(score)), one pair per network, fitted by ``benchmarks/calibrate.py``.
"""

import numpy as np
from numpy.typing import NDArray

# A head is about 0.13 of the stature (Winter, Biomechanics of Human Movement, table 4.1 segment
# lengths); half of it in units of the height of a box round the whole body.
HALF_HEAD = 0.065

JOINT_CALIBRATIONS: dict[str, tuple[float, float]] = {
    "movenet-multipose": (1.946, 1.009),
    "movenet-thunder": (1.501, 0.894),
    "movenet-lightning": (1.599, 1.154),
    "multipose-crop": (1.212, 0.925),
}


def joint_probability(name: str, scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """P(within half a head) of raw joint scores (..., 14) of network ``name``; 0 stays 0.

    The scores of a network without calibration are taken at their word.
    """
    raw = np.asarray(scores, np.float64)
    if name not in JOINT_CALIBRATIONS:
        return raw
    b0, b1 = JOINT_CALIBRATIONS[name]
    s = np.clip(raw, 1e-4, 1 - 1e-4)
    return np.where(raw > 0, 1 / (1 + np.exp(-(b0 + b1 * np.log(s / (1 - s))))), 0.0)
