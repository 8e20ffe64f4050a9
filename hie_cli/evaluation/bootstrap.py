"""Confidence intervals and paired comparisons by resampling whole sequences.

Frames of one video depend on each other, so the video is the unit that is drawn with replacement
(Efron's percentile bootstrap). With few videos the intervals are rough.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.evaluation.metrics.ranking import mean_present
from hie_cli.evaluation.settings import BootstrapConfig
from hie_cli.evaluation.track_results import TrackResult

Interval = tuple[float, float]


@dataclass(frozen=True)
class Intervals:
    """Percentile intervals (low, high) of the pooled figures and of the means over sequences."""

    pooled: dict[str, Interval]
    mean: dict[str, Interval]


def draws(count: int, config: BootstrapConfig) -> NDArray[np.int64]:
    """How often each of ``count`` sequences is taken in each sample (samples, count)."""
    rng = np.random.default_rng(config.seed)
    chosen = rng.integers(0, count, (config.samples, count))
    return np.stack([np.bincount(row, minlength=count) for row in chosen]).astype(np.int64)


def resampled(
    result: TrackResult, times: NDArray[np.int64], names: Sequence[str] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Pooled figures of each sample (samples,), of the sequences ``names`` or all, in order."""
    parts = list(result.parts.values() if names is None else (result.parts[n] for n in names))
    samples = result.metric.resampler(parts)(times)
    return {name: np.array([s[name] for s in samples]) for name in samples[0]}


def intervals(result: TrackResult, config: BootstrapConfig) -> Intervals | None:
    """Confidence intervals of a track's figures; None with fewer than two sequences."""
    if len(result.parts) < 2:
        return None
    times = draws(len(result.parts), config)
    pooled = {n: interval(v, config.level) for n, v in resampled(result, times).items()}
    means = {}
    for name in pooled:
        values = np.array([figures.scalars[name] for figures in result.sequences.values()])
        weight = times * np.isfinite(values)
        total = weight.sum(axis=1)
        sums = weight @ np.nan_to_num(values)
        drawn = np.divide(sums, total, out=np.full(len(sums), np.nan), where=total > 0)
        means[name] = interval(drawn, config.level)
    return Intervals(pooled, means)


def interval(values: NDArray[np.float64], level: float) -> Interval:
    """The central ``level`` of the finite values; NaN where there is none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@dataclass(frozen=True)
class Difference:
    """One figure of two results: ``interval`` is of a - b (None with fewer than two sequences),
    ``a_better`` the share of samples in which a is better, ties counting half; ``verdict`` is ``A``
    or ``B`` where the interval excludes 0, else ``-``.
    """

    a: float
    b: float
    interval: Interval | None
    a_better: float | None
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """Two results on one track: pooled figures (joints and classes included), and each video's."""

    pooled: dict[str, Difference]
    videos: dict[str, dict[str, Interval]]


def compare(a: TrackResult, b: TrackResult, config: BootstrapConfig) -> Comparison:
    """A paired bootstrap over the sequences that both results have: the same draws for both."""
    names = [name for name in a.parts if name in b.parts]
    first = a.metric.figures([a.parts[name] for name in names]).scalars
    second = b.metric.figures([b.parts[name] for name in names]).scalars
    gaps: dict[str, NDArray[np.float64]] = {}
    if len(names) >= 2:
        times = draws(len(names), config)
        left, right = resampled(a, times, names), resampled(b, times, names)
        gaps = {name: left[name] - right[name] for name in left}
    lower = a.metric.lower_is_better
    pooled = {
        name: _difference(value, second[name], gaps.get(name), config.level, name in lower)
        for name, value in first.items()
    }
    videos = {
        name: {
            key: (a.sequences[name].scalars[key], b.sequences[name].scalars[key])
            for key in a.metric.headline
        }
        for name in names
    }
    return Comparison(pooled, videos)


def _difference(
    a: float, b: float, gaps: NDArray[np.float64] | None, level: float, lower_is_better: bool
) -> Difference:
    if gaps is None:
        return Difference(a, b, None, None, "-")
    gain = -gaps if lower_is_better else gaps
    low, high = interval(gain, level)
    verdict = "A" if low > 0 else "B" if high < 0 else "-"
    better = float(mean_present((np.sign(gain) + 1) / 2))
    return Difference(a, b, interval(gaps, level), better, verdict)
