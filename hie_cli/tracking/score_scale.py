"""What a detector's scores mean in this video: the score of people who are seen for sure.

One detector gives plain people .9, another .5, and all of them give small people less. The
tracker's thresholds are therefore shares of the top score of people as tall, which the video itself
tells: offline as a whole, online from what was seen so far.
"""

import numpy as np
from numpy.typing import NDArray

from hie_cli.tracking.kalman import Floats

BINS = 100  # scores are counted in steps of 1 / BINS
SMALLEST, STEP, HEIGHTS = 8.0, 0.2, 28  # px; steps of log height; how many of them
SIMILAR = 0.3  # deviation of the log heights of people who count as similar
SURE = 0.9  # quantile of the scores that is the top; each score counts by its square
EVERYBODY = 3.0  # weight of people of all heights, in sure people
GROWTH = 1.05  # times the detections of the last measuring, from which it is done anew
FLOOR = 0.6  # share of everybody's top score that people of any height reach
DOUBT = 0.02  # share of the top score that a detector's scores lack on average, at least


class ScoreScale:
    """Top scores by height, of all detections ``add``-ed so far."""

    def __init__(self) -> None:
        self._weight = np.zeros((HEIGHTS, BINS + 1))
        step = STEP * (np.arange(HEIGHTS)[:, None] - np.arange(HEIGHTS))
        self._similar = np.exp(-0.5 * (step / SIMILAR) ** 2)
        self._tops = np.ones(HEIGHTS)
        self._varied = False
        self._lacking = 0.0  # share of the top score, on average
        self._total = self._measured_at = 0.0  # weights, now and when the tops were measured

    def add(self, scores: NDArray[np.floating], heights: NDArray[np.floating]) -> None:
        """Count the scores (N,) of one frame's people, of box heights (N,) px."""
        place = np.minimum(np.maximum(np.round(scores * BINS), 0), BINS).astype(np.int64)
        row = _bins(heights).astype(np.int64)
        weights = np.square(scores, dtype=np.float64)
        np.add.at(self._weight, (row, place), weights)
        self._total += float(weights.sum())

    @property
    def varied(self) -> bool:
        """Whether the scores differ, as a detector's do."""
        if not self._varied:
            self._varied = int(self._weight.any(axis=0).sum()) > 1
        return self._varied

    @property
    def doubtful(self) -> bool:
        """Whether the scores tell who is seen well, as a detector's do. Else the boxes were given
        by somebody who was sure of them, which does not make them exact.
        """
        self._measure()
        return self._lacking > DOUBT

    def shares(self, scores: NDArray[np.floating], heights: NDArray[np.floating]) -> Floats:
        """Scores (N,) as shares, at most 1, of the top score of people as tall as (N,) px."""
        self._measure()
        tops = np.interp(_bins(heights), np.arange(HEIGHTS), self._tops)
        share: Floats = np.minimum(np.asarray(scores, np.float64) / tops, 1.0)
        return share

    def _measure(self) -> None:
        """Learn what was added since the last measuring, if that is much."""
        if self._total > GROWTH * self._measured_at:
            self._tops, self._measured_at = self._measured(), self._total
            lack = np.maximum(1 - np.arange(BINS + 1) / BINS / self._tops[:, None], 0)
            self._lacking = float((self._weight * lack).sum()) / self._total

    def _measured(self) -> Floats:
        """The top score (HEIGHTS,) at each height; 1 where nobody was seen at all."""
        everybody = self._weight.sum(axis=0)
        total = float(everybody.sum())
        if total <= 0:
            return np.ones(HEIGHTS)
        counts = np.empty((HEIGHTS + 1, BINS + 1))
        counts[:-1] = self._similar @ self._weight + EVERYBODY / total * everybody
        counts[-1] = everybody
        share = counts.cumsum(axis=1)
        share /= counts.sum(axis=1, keepdims=True)
        tops = np.maximum((share < SURE).argmin(axis=1), 1) / BINS
        raised: Floats = np.maximum(tops[:-1], FLOOR * tops[-1])
        return raised


def _bins(heights: NDArray[np.floating]) -> Floats:
    """Places (N,), whole numbers and between, of heights (N,) px on the scale of log heights."""
    place = np.log(np.maximum(heights, SMALLEST) / SMALLEST) / STEP
    within: Floats = np.minimum(place, HEIGHTS - 1)
    return within
