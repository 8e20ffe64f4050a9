"""Boxes shown online: between where somebody was detected and where the motion filter has them.

No later frame can smooth them. The filter errs by lag, a detection by noise, and the more of the
latter the lower its score.
"""

import numpy as np
from numpy.typing import NDArray

from hie_cli.tracking.kalman import Floats, to_boxes

NOISIER = 2.0  # times what the score lacks to the top is the share of the way to the filter's box
FARTHEST = 0.5  # share of the way that nobody goes beyond


def filtered_boxes(boxes: Floats, scores: NDArray[np.floating], centres: Floats) -> Floats:
    """Detected boxes (N, 4) px moved towards those of the filter, ``centres`` (N, 4) as centre and
    size, the farther the lower their ``scores`` (N,), as shares of the top score.
    """
    share = np.minimum(NOISIER * (1 - scores), FARTHEST)[:, None]
    between: Floats = boxes + share * (to_boxes(centres) - boxes)
    return between
