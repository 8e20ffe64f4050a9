"""What a network's raw scores mean: records that travel with the model.

``ScoreCalibration``: the chance that a detector's candidate is a person, a small logistic model of
its score and its height, and the share of people that the network finds, a table by height.
``JointCalibration``: the chance that a joint is within half a head length. ``hie models calibrate``
fits both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_UNIT = 100.0  # pixels
_LOWEST, _HIGHEST = 12.0, 900.0  # heights fitted on; beyond, the edge's value holds
# Heights in network input pixels at which recall is tabulated.
HEIGHTS = np.array([9, 18, 32, 50, 75, 110, 160, 245, 310, 360, 540, 800], np.float64)
_SHARP = 100.0  # input pixels of height from which a person's size no longer matters to a joint


@dataclass(frozen=True)
class ScoreCalibration:
    """P(true) = sigmoid(b0 + b1 logit(score) + b2 u + b3 u^2), u = ln(height / 100 input pixels).

    Of that (1 - ``raw_weight``) count, and of the raw score ``raw_weight``: a guess from a few
    people tells sure ones from noise, but not how rare those between are.
    ``coefficients`` (b0, b1, b2, b3); ``recall`` at ``HEIGHTS``; ``blur``: recall is multiplied by
    scale^-blur where a frame is enlarged, since some networks lose people in soft pictures.
    """

    coefficients: tuple[float, float, float, float]
    recall: tuple[float, ...]
    blur: float = 0.0
    raw_weight: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.raw_weight <= 1:
            raise ValueError("raw_weight must be within 0..1")
        if len(self.coefficients) != 4 or len(self.recall) != len(HEIGHTS):
            raise ValueError(f"expected 4 coefficients and recall at {len(HEIGHTS)} heights")
        if not all(0 <= value <= 1 for value in self.recall):
            raise ValueError("recall must be within 0..1")

    def probability(
        self, scores: NDArray[np.floating], heights: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """P(true) (N,) of raw ``scores`` (N,) with ``heights`` (N,) in network input pixels."""
        s = np.clip(np.asarray(scores, np.float64), 1e-4, 1 - 1e-4)
        u = np.log(np.clip(np.asarray(heights, np.float64), _LOWEST, _HIGHEST) / _UNIT)
        b0, b1, b2, b3 = self.coefficients
        logit = b0 + b1 * np.log(s / (1 - s)) + b2 * u + b3 * u * u
        chance: NDArray[np.float64] = 1 / (1 + np.exp(-logit))
        return (1 - self.raw_weight) * chance + self.raw_weight * np.asarray(scores, np.float64)

    def recall_at(self, scale: float) -> NDArray[np.float64]:
        """Recall (12,) at ``HEIGHTS``, of frames scaled by ``scale`` (input per frame pixel)."""
        recall: NDArray[np.float64] = np.array(self.recall) * max(scale, 1.0) ** -self.blur
        return recall


@dataclass(frozen=True)
class JointCalibration:
    """P(joint within half a head) = sigmoid(b0 + b1 logit(score) + b2 min(u, 0)), u as above.

    Joints of people who are small in the input are less exact than their scores say. ``b2`` is 0
    for networks on crops, where everybody has the same height.
    """

    coefficients: tuple[float, float, float]

    def __post_init__(self) -> None:
        if len(self.coefficients) != 3:
            raise ValueError("expected 3 coefficients")

    def probability(
        self, scores: NDArray[np.floating], heights: NDArray[np.floating] | None = None
    ) -> NDArray[np.float64]:
        """P (N, J) of raw joint ``scores`` (N, J); a score of 0 stays 0.

        ``heights`` (N,) of the people in network input pixels; None: large enough.
        """
        raw = np.asarray(scores, np.float64)
        b0, b1, b2 = self.coefficients
        s = np.clip(raw, 1e-4, 1 - 1e-4)
        logit = b0 + b1 * np.log(s / (1 - s))
        if heights is not None:
            small = np.clip(np.asarray(heights, np.float64) / _SHARP, 0.1, 1.0)
            logit = logit + b2 * np.log(small)[:, None]
        return np.where(raw > 0, 1 / (1 + np.exp(-logit)), 0.0)
