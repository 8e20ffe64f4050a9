"""What a new detector's scores mean, from the two pictures that the package carries.

A first guess, until labelled data say more (``hie models calibrate``): the pictures show which
scores people get and which ones nobody gets, and that much differs between networks by far. With
scores taken at their word, RTMDet-nano's candidates of nobody (100 a picture, up to .4) became
tracks.
"""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import iou
from hie_cli.core.types import FloatArray
from hie_cli.models.calibration import ScoreCalibration
from hie_cli.models.calibration_fit import first_guess
from hie_cli.models.detectors import ImageDetector
from hie_cli.models.importing import picture


def first_scores(model: ImageDetector) -> ScoreCalibration | None:
    """A calibration by the scores alone, whose recall is not known (1 everywhere); None where too
    few of the people are found to tell.
    """
    scores, right = [], []
    for view in picture.both():
        (found,) = model.detect([view.image])
        scores.append(found.scores)
        right.append(_right(found.boxes, view.boxes))
    every, true = np.concatenate(scores), np.concatenate(right)
    if true.sum() < 0.5 * sum(len(view.boxes) for view in picture.both()):
        return None
    return first_guess(every, true)


def _right(found: FloatArray, boxes: FloatArray) -> NDArray[np.bool_]:
    """Which candidates (N,), best first, are the first on somebody (IoU 0.5)."""
    overlap = iou(found, boxes)
    right = np.zeros(len(found), bool)
    for index in range(len(found)):
        best = int(overlap[index].argmax())
        if overlap[index, best] >= 0.5:
            right[index] = True
            overlap[:, best] = 0
    return right
