"""Kernel temporal segmentation: where the features of a video change for good.

D. Potapov et al., Category-specific video summarization (ECCV 2014). The scatter of a segment is
the sum of squared distances of its samples from their mean; with m change points the best cut has
scatter S(m), and m is chosen to minimise S(m) / n + vmax m / (2n) (ln(n / m) + 1).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError
from hie_cli.core.types import FloatArray

EXACT_UP_TO = 2000  # samples; beyond, see ``change_points``
_ROWS = 500  # of the band of scatters that are computed together
_GRID = 12  # penalties tried at first, and again around the best one


@dataclass(frozen=True)
class KtsSettings:
    """How finely a video is cut.

    vmax: weight of the penalty on change points · longest: samples of a segment at most, None: any
    number (beyond ``EXACT_UP_TO`` samples: that many).
    """

    vmax: float = 1.0
    longest: int | None = None

    def __post_init__(self) -> None:
        if not self.vmax > 0:
            raise ConfigError(f"vmax {self.vmax}: expected more than 0")
        if self.longest is not None and self.longest < 1:
            raise ConfigError(f"longest {self.longest}: expected 1 sample or more")


@dataclass(frozen=True)
class Segmentation:
    """points (m,): the first sample of each segment but the first · scatter: S(m) · cost: the
    criterion's value.
    """

    points: NDArray[np.int64]
    scatter: float
    cost: float


def penalty(count: int | NDArray[np.int64], samples: int, vmax: float) -> FloatArray:
    """The criterion's second term for ``count`` change points, ascending in it; 0 for none."""
    m = np.asarray(count, float)
    inside = np.maximum(m, 1e-300)
    term: FloatArray = vmax * m / (2 * samples) * (np.log(samples / inside) + 1)
    return term


def change_points(
    features: FloatArray, settings: KtsSettings = KtsSettings(), *, exact: bool | None = None
) -> Segmentation:
    """The best segmentation of features (n, D).

    Up to ``EXACT_UP_TO`` samples (or with ``exact``) the optimum, by dynamic programming over the
    number of change points. Beyond, segments are at most ``longest`` samples, and the number of
    change points is looked for among the optima under a fixed price per change point: those on the
    lower convex hull of S(m). One pass costs n x longest operations and as many float32 numbers.
    """
    count = len(features)
    if count == 0:
        return Segmentation(np.zeros(0, np.int64), 0.0, 0.0)
    if count <= EXACT_UP_TO if exact is None else exact:
        return _exact(np.asarray(features, np.float64), settings)
    return _priced(np.asarray(features, np.float64), settings)


def _exact(features: FloatArray, settings: KtsSettings) -> Segmentation:
    """Dynamic programming over m; m beyond the first whose penalty alone is too dear cannot win."""
    n = len(features)
    scatters = scatter_table(features)
    if settings.longest is not None:
        ends = np.arange(n + 1)
        scatters[ends[:, None] - ends[None, :] > settings.longest] = np.inf
    best = scatters[:, 0].copy()  # of the samples before each end, with m change points
    chosen: list[NDArray[np.int32]] = []
    lowest, lowest_m, lowest_scatter = best[n] / n, 0, best[n]
    for m in range(1, n):
        if penalty(m, n, settings.vmax) >= lowest:
            break
        following = np.full(n + 1, np.inf)
        origin = np.zeros(n + 1, np.int32)
        # In blocks of ends: only segments that begin before their end are looked at.
        for first in range(m + 1, n + 1, 256):
            last = min(first + 256, n + 1)
            totals = scatters[first:last, :last] + best[None, :last]
            origin[first:last] = totals.argmin(axis=1)
            following[first:last] = totals.min(axis=1)
        best = following
        chosen.append(origin)
        cost = best[n] / n + float(penalty(m, n, settings.vmax))
        if cost < lowest:
            lowest, lowest_m, lowest_scatter = cost, m, best[n]
    points, end = [], n
    for m in range(lowest_m, 0, -1):
        end = int(chosen[m - 1][end])
        points.append(end)
    return Segmentation(np.array(points[::-1], np.int64), float(lowest_scatter), float(lowest))


def scatter_table(features: FloatArray) -> FloatArray:
    """(n + 1, n + 1): at [j, i] the scatter of samples i <= t < j; infinite where i >= j."""
    n = len(features)
    centred = features - features.mean(axis=0)  # changes no scatter, keeps the sums small
    sums = np.concatenate([np.zeros((1, features.shape[1])), np.cumsum(centred, axis=0)])
    gram = sums @ sums.T
    squares = np.concatenate([[0.0], np.cumsum((centred**2).sum(axis=1))])
    norms = np.diag(gram)
    lengths = np.arange(n + 1)[:, None] - np.arange(n + 1)[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = norms[:, None] + norms[None, :] - 2 * gram
        table: FloatArray = squares[:, None] - squares[None, :] - apart / lengths
    np.maximum(table, 0, out=table)
    table[lengths <= 0] = np.inf
    return table


def _band(features: FloatArray, longest: int) -> NDArray[np.float32]:
    """(n + 1, longest): at [j, k] the scatter of the k + 1 samples before j, infinite past 0."""
    n = len(features)
    band = np.full((n + 1, longest), np.inf, np.float32)
    for first in range(1, n + 1, _ROWS):
        last = min(first + _ROWS, n + 1)
        start = max(0, first - longest)
        part = features[start : last - 1]
        table = scatter_table(part)
        for end in range(first, last):
            length = min(longest, end - start)
            band[end, :length] = table[end - start, end - start - length : end - start][::-1]
    return band


def _priced(features: FloatArray, settings: KtsSettings) -> Segmentation:
    n, vmax = len(features), settings.vmax
    longest = min(settings.longest or EXACT_UP_TO, n)
    band = _band(features, longest)
    tried: dict[float, Segmentation] = {}
    # At the optimum a change point's price is the slope of the penalty, vmax / 2 ln(n / m).
    low, high = np.log(0.05 * vmax), np.log(vmax * (np.log(n) + 1))
    for _ in range(2):
        for price in np.exp(np.linspace(low, high, _GRID)):
            if price not in tried:
                tried[float(price)] = _at_price(band, float(price), vmax)
        best = min(tried, key=lambda p: tried[p].cost)
        step = (high - low) / (_GRID - 1)
        low, high = np.log(best) - step, np.log(best) + step
    return tried[best]


def _at_price(band: NDArray[np.float32], price: float, vmax: float) -> Segmentation:
    """The segmentation whose scatter plus ``price`` per segment is least."""
    n, longest = band.shape[0] - 1, band.shape[1]
    best = np.zeros(n + 1)
    origin = np.zeros(n + 1, np.int64)
    for end in range(1, n + 1):
        length = min(longest, end)
        totals = band[end, :length] + best[end - length : end][::-1]
        shortest = int(totals.argmin())
        best[end] = totals[shortest] + price
        origin[end] = end - 1 - shortest
    points, end, scatter = [], n, 0.0
    while end > 0:
        start = int(origin[end])
        scatter += float(band[end, end - 1 - start])
        points.append(start)
        end = start
    found = np.array(points[-2::-1], np.int64)
    cost = scatter / n + float(penalty(len(found), n, vmax))
    return Segmentation(found, scatter, cost)
