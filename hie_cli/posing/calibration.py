"""What a network's raw joint score means: the chance that the joint is within half a head length.

P = sigmoid(b0 + b1 logit(score) + b2 min(u, 0)), u = ln(person height in network input pixels /
100): joints of people who are small in the input are less exact than their scores say. Fitted on
annotated stills at many sizes, as ``benchmarks/calibrate.py`` does.
"""

import numpy as np
from numpy.typing import NDArray

# A head is about 0.13 of the stature (Winter, Biomechanics of Human Movement, table 4.1 segment
# lengths); half of it in units of the height of a box round the whole body.
HALF_HEAD = 0.065

_SHARP = 100.0  # input pixels of height from which size no longer matters

# (b0, b1, b2); b2 is 0 for networks on crops, where everybody has the same height.
JOINT_CALIBRATIONS: dict[str, tuple[float, float, float]] = {
    "movenet-multipose": (1.852, 1.047, 1.334),
    "movenet-thunder": (1.501, 0.894, 0.0),
    "movenet-lightning": (1.599, 1.154, 0.0),
    "multipose-crop": (1.212, 0.925, 0.0),
}


def joint_probability(
    name: str, scores: NDArray[np.floating], heights: NDArray[np.floating] | None = None
) -> NDArray[np.float64]:
    """P(within half a head) of raw joint scores (N, 14) of network ``name``; 0 stays 0.

    ``heights`` (N,) of the people in network input pixels; None: large enough. The scores of a
    network without calibration are taken at their word.
    """
    raw = np.asarray(scores, np.float64)
    if name not in JOINT_CALIBRATIONS:
        return raw
    b0, b1, b2 = JOINT_CALIBRATIONS[name]
    s = np.clip(raw, 1e-4, 1 - 1e-4)
    logit = b0 + b1 * np.log(s / (1 - s))
    if heights is not None:
        small = np.clip(np.asarray(heights, np.float64) / _SHARP, 0.1, 1.0)
        logit = logit + b2 * np.log(small)[:, None]
    return np.where(raw > 0, 1 / (1 + np.exp(-logit)), 0.0)
