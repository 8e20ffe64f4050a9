"""What the heights of a frame's people say about each of them.

On level ground a standing person's height in the picture grows linearly with the row of the feet
(Hoiem, Efros, Hebert 2008, "Putting Objects in Perspective", eq. 7). A box off the line that the
sure ones of the frame share is more often a part of somebody, two in one, or no person at all.
"""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import People

Floats = NDArray[np.float64]
_SURE = 0.3  # score from which somebody's box tells where the line runs, with its square as weight
_LEAST = 3  # boxes that a line may be fitted to
_ANY = 0.6  # standard deviation of log(height / line) of boxes that show nobody
_UNKNOWN = 1.0  # people's worth of ``_ANY`` that the line's own deviation begins with
_EXACT = 0.08  # and the least that it can be
_OTHERWISE = 0.1  # people who do not stand upright on the ground: they sit, bend, are half covered
_OUTLIER = 0.2  # deviation from which a box has little say in where the line runs
_FAR = 1.0  # deviation beyond which no box says more about how well the line fits
_STEPS = 4  # reweighted fits
_LOWEST = 0.02  # of the frame's height: nobody on the line is smaller


def by_perspective(people: People, frame_height: int) -> Floats:
    """Scores (N,) of one frame's ``people``, lowered for boxes that the others' heights belie.

    By Bayes' rule: log(height / line) is normal for people, as narrowly as the sure ones lie, and
    widely for everything else. Who is on the line keeps the score. Where heights do not follow the
    row of the feet (ceiling cameras, people who sit and lie), or few people tell, nothing changes.
    """
    scores = np.asarray(people.scores, np.float64)
    weight = np.where(scores >= _SURE, scores**2, 0.0)
    if len(people) < _LEAST or weight.sum() < 1:
        return scores
    deviation = _deviation(np.asarray(people.boxes, np.float64) / frame_height, weight)
    spread = (weight * np.minimum(deviation**2, _FAR**2)).sum() + _UNKNOWN * _ANY**2
    variance = np.clip(spread / (weight.sum() + _UNKNOWN), _EXACT**2, _ANY**2)
    fits = np.exp(-(deviation**2) / 2 * (1 / variance - 1 / _ANY**2))
    least = _OTHERWISE / (1 - _OTHERWISE) * np.sqrt(variance) / _ANY
    odds = scores / np.maximum(1 - scores, 1e-9) * (fits + least) / (1 + least)
    lowered: Floats = odds / (1 + odds)
    return lowered


def _deviation(boxes: Floats, weight: Floats) -> Floats:
    """log(height / line) (N,) of ``boxes`` (N, 4) in frame heights; ``weight`` (N,) in the fit."""
    feet, height = boxes[:, 3], np.maximum(boxes[:, 3] - boxes[:, 1], 1e-3)
    rows = np.stack((np.ones(len(feet)), feet), 1)
    line = np.full(len(height), np.average(height, weights=weight))
    say, deviation = weight, np.zeros(len(height))
    for _ in range(_STEPS):
        relative = say / line**2
        normal = rows.T @ (relative[:, None] * rows) + 1e-3 * np.eye(2)
        line = np.maximum(rows @ np.linalg.solve(normal, rows.T @ (relative * height)), _LOWEST)
        deviation = np.log(height / line)
        say = weight / (1 + (deviation / _OUTLIER) ** 2)
    return deviation
