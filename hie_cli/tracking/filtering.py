"""Boxes shown online: between where somebody was detected and where the motion filter has them.

No later frame can smooth them. The filter errs by lag, a detection by noise, and the more of the
latter the lower its score.
"""

import numpy as np
from numpy.typing import NDArray

from hie_cli.tracking.kalman import Floats, to_boxes

FARTHEST = 0.5  # of the way from the detection to the filter's box


def filtered_boxes(boxes: Floats, scores: NDArray[np.floating], centres: Floats) -> Floats:
    """Detected boxes (N, 4) px moved towards those of the filter, ``centres`` (N, 4) as centre and
    size, by the share that ``scores`` (N,), shares of the top score, lack to it.
    """
    share = np.minimum(1 - scores, FARTHEST)[:, None]
    between: Floats = boxes + share * (to_boxes(centres) - boxes)
    return between
