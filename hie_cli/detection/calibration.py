"""What a network's raw score means, and which body heights the network sees.

The chance that a candidate is a person is a small logistic model of its score and its height,
P(true) = sigmoid(b0 + b1 logit(score) + b2 u + b3 u^2) with u = ln(height in network input pixels /
100). The share of people found, by height, is a table. ``benchmarks/calibrate.py`` fits both; fits
on other frames of the same sources moved no accuracy by more than its noise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.detection.box_fusion import ALWAYS, RecallByHeight

_UNIT = 100.0  # pixels
_LOWEST, _HIGHEST = 12.0, 900.0  # heights fitted on; beyond, the edge's value holds
_HEIGHTS = np.array([9, 18, 32, 50, 75, 110, 160, 245, 310, 360, 540, 800], np.float64)


@dataclass(frozen=True)
class Calibration:
    """One network's ``score`` coefficients (b0, b1, b2, b3) and ``recall`` at ``_HEIGHTS``.

    ``blur``: recall is multiplied by scale^-blur where a frame is enlarged, since some networks
    lose people in soft pictures.
    """

    score: tuple[float, float, float, float]
    recall: tuple[float, ...]
    blur: float

    def probability(
        self, scores: NDArray[np.floating], heights: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """P(true) (N,) of raw ``scores`` (N,) with ``heights`` (N,) in network input pixels."""
        s = np.clip(np.asarray(scores, np.float64), 1e-4, 1 - 1e-4)
        u = np.log(np.clip(np.asarray(heights, np.float64), _LOWEST, _HIGHEST) / _UNIT)
        b0, b1, b2, b3 = self.score
        logit = b0 + b1 * np.log(s / (1 - s)) + b2 * u + b3 * u * u
        value: NDArray[np.float64] = 1 / (1 + np.exp(-logit))
        return value

    def competence(self, scale: float) -> RecallByHeight:
        """Recall by height in frame pixels; ``scale`` = input pixels per frame pixel."""
        return RecallByHeight(
            _HEIGHTS / scale, np.array(self.recall) * max(scale, 1.0) ** -self.blur
        )


CALIBRATIONS: dict[str, Calibration] = {
    "nanodet": Calibration(
        score=(0.059, 2.213, -0.092, -0.270),
        recall=(0.05, 0.40, 0.48, 0.58, 0.78, 0.86, 0.84, 0.80, 0.80, 0.80, 0.60, 0.05),
        blur=0.8,
    ),
    "movenet-multipose": Calibration(
        score=(2.732, 1.356, -1.041, -0.703),
        recall=(0.0, 0.20, 0.47, 0.62, 0.75, 0.82, 0.82, 0.76, 0.50, 0.16, 0.0, 0.0),
        blur=0.0,
    ),
}


def competence(name: str, scale: float) -> RecallByHeight:
    """How well the network ``name`` sees each height; one not calibrated sees every height."""
    known = CALIBRATIONS.get(name)
    return ALWAYS if known is None else known.competence(scale)


def probability(
    name: str, scores: NDArray[np.floating], heights: NDArray[np.floating]
) -> NDArray[np.float64]:
    """P(true) of raw scores of the network ``name``; one not calibrated is taken at its word."""
    known = CALIBRATIONS.get(name)
    return np.asarray(scores, np.float64) if known is None else known.probability(scores, heights)
