"""Telling people apart by appearance: how much a similarity says in *this* video.

In one scene everybody wears black, in another no two coats are alike, so a similarity of .9 says
nothing by itself. The scene itself tells: one tracklet at two times is the same person, two
tracklets at one time are not. From both, a similarity becomes a log likelihood ratio.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.vectors import unit_rows
from hie_cli.tracking.kalman import Floats
from hie_cli.tracking.tracklets import Tracklet

# What colour stripes give on street scenes, as long as the scene has not said better.
SAME, OTHER = (0.92, 0.05), (0.75, 0.10)
PRIOR_COUNT = 8  # measured pairs that weigh as much as these values
LARGEST = 4.0  # of a log ratio: no appearance decides alone


@dataclass(frozen=True)
class AppearanceModel:
    """Mean and deviation of similarities of the same person, and of two people."""

    same: tuple[float, float] = SAME
    other: tuple[float, float] = OTHER

    def log_ratio(self, similarity: Floats) -> Floats:
        """log p(similarity | same person) - log p(similarity | two people), rising."""
        (m1, s1), (m0, s0) = self.same, self.other
        # Beyond the means the nearer one decides no further: that keeps the ratio monotonic.
        x = np.clip(similarity, min(m0, m1), max(m0, m1))
        ratio = ((x - m0) / s0) ** 2 / 2 - ((x - m1) / s1) ** 2 / 2 + np.log(s0 / s1)
        bounded: Floats = np.clip(ratio, -LARGEST, LARGEST)
        return bounded


def window_means(track: Tracklet, width: int) -> tuple[Floats, Floats]:
    """Mean appearance of the ``width`` observations before and from each inner place.

    Returns (L - 1, D) twice: place i lies between observations i and i + 1; rows of unit length.
    """
    assert track.appearance is not None
    total = np.concatenate(
        [np.zeros((1, track.appearance.shape[1])), np.cumsum(track.appearance, axis=0)]
    )
    place = np.arange(1, len(track))
    before = total[place] - total[np.maximum(place - width, 0)]
    after = total[np.minimum(place + width, len(track))] - total[place]
    return unit_rows(before), unit_rows(after)


def mean_appearance(appearance: NDArray[np.floating[Any]]) -> Floats:
    """The mean (D,) of appearance (L, D), at unit length."""
    mean: Floats = unit_rows(appearance.sum(axis=0, dtype=np.float64)[None])[0]
    return mean


def fit_appearance(tracklets: Sequence[Tracklet], width: int) -> AppearanceModel:
    """The scene's similarities, from tracklets with appearance; ``width`` rows make a mean."""
    same, other, means = [], [], []
    for t in tracklets:
        assert t.appearance is not None
        means.append(mean_appearance(t.appearance))
        if len(t) >= 4 * width:
            starts = range(0, len(t) - width + 1, 2 * width)
            pieces = np.stack([mean_appearance(t.appearance[s : s + width]) for s in starts])
            same.append((pieces[1:] * pieces[:-1]).sum(axis=1))
    every = np.array(means)
    first, last = (np.array([getattr(t, end) for t in tracklets]) for end in ("first", "last"))
    long = np.flatnonzero([len(t) >= width for t in tracklets])
    for row, k in enumerate(long.tolist(), 1):
        beside = long[row:]
        beside = beside[(first[beside] <= last[k]) & (first[k] <= last[beside])]
        if len(beside):
            other.append(every[beside] @ every[k])
    return AppearanceModel(_blend(same, SAME), _blend(other, OTHER))


def _blend(samples: list[Floats], prior: tuple[float, float]) -> tuple[float, float]:
    """Median and deviation (from the quartiles) of samples, mixed with the prior's."""
    values = np.concatenate(samples) if samples else np.zeros(0)
    count = len(values)
    if count == 0:
        return prior
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    share = count / (count + PRIOR_COUNT)
    mean = share * middle + (1 - share) * prior[0]
    deviation = share * max((high - low) / 1.35, 0.01) + (1 - share) * prior[1]
    return float(mean), float(deviation)


def cut(track: Tracklet, model: AppearanceModel, width: int, threshold: float) -> list[Tracklet]:
    """The tracklet, cut where its appearance changes so much that it must have changed persons.

    A cut needs a log ratio under ``-threshold`` between the means of ``width`` rows on either
    side; the clearest place is cut first, then its parts.
    """
    least = max(2, width // 2)
    if track.appearance is None or len(track) < 2 * least:
        return [track]
    before, after = window_means(track, width)
    ratio = model.log_ratio((before * after).sum(axis=1))
    similarity = (before * after).sum(axis=1)
    inner = slice(least - 1, len(track) - least)
    place = int(np.argmin(similarity[inner])) + least
    if ratio[place - 1] >= -threshold:
        return [track]
    head, tail = track.rows(slice(0, place)), track.rows(slice(place, None))
    return [*cut(head, model, width, threshold), *cut(tail, model, width, threshold)]
