"""How a person moves about the window's frame, in body heights and seconds."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray

# Slopes are medians over pairs of at most this many rows; more would not change them.
_ROWS = 25


def slope(times: FloatArray, values: FloatArray) -> FloatArray:
    """Median of the slopes between all pairs of rows (Theil, 1950; Sen, 1968): robust to outliers.

    times (T,) seconds, values (T, K) -> (K,) per second; 0 with fewer than two rows.
    """
    if len(times) > _ROWS:
        pick = np.unique(np.linspace(0, len(times) - 1, _ROWS).round().astype(int))
        times, values = times[pick], values[pick]
    first, second = np.triu_indices(len(times), 1)
    if not len(first):
        return np.zeros(values.shape[1])
    span = (times[second] - times[first])[:, None]
    median: FloatArray = np.median((values[second] - values[first]) / span, axis=0)
    return median


def slope_error(times: FloatArray, values: FloatArray, slopes: FloatArray) -> float:
    """Standard error, per second, of one column's ``slope`` of values (T, K): their spread about
    the straight line, for as many rows as are independent of each other.

    Errors of boxes last for several rows: with a correlation r between neighbouring rows, T rows
    tell as much as T (1 - r) / (1 + r) independent ones (Bartlett, 1935), and ``slope`` looks at no
    more than 25. 0 with under 4 rows.
    """
    if len(times) < 4 or times[-1] <= times[0]:
        return 0.0
    rest = values - times[:, None] * slopes
    rest = rest - np.median(rest, axis=0)
    power = float((rest**2).sum())
    if power <= 0:
        return 0.0
    lasting = float(np.clip((rest[1:] * rest[:-1]).sum() / power, 0.0, 0.95))
    independent = np.clip(len(times) * (1 - lasting) / (1 + lasting), 2.0, _ROWS)
    spread = power / rest.size
    return float(np.sqrt(spread / (independent * times.var())))


def smoothed(times: FloatArray, values: FloatArray, span: float) -> FloatArray:
    """Each row's mean over the rows at most ``span`` / 2 seconds away; (T,), (T, K) -> (T, K)."""
    reach = span / 2 + 1e-6
    first = np.searchsorted(times, times - reach)
    end = np.searchsorted(times, times + reach, side="right")
    sums = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)))
    mean: FloatArray = (sums[end] - sums[first]) / (end - first)[:, None]
    return mean


def rates(times: FloatArray, values: FloatArray, lag: float) -> FloatArray:
    """Changes per second between rows ``lag`` seconds apart (values between rows are interpolated).

    times (T,), values (T, K) -> (T', K); a lag well above one frame keeps a pixel of jitter from
    becoming a fast movement, and makes the result independent of the frame rate.
    """
    if len(times) < 2 or times[-1] - times[0] < lag:
        return np.zeros((0, values.shape[1]))
    starts = times[times <= times[-1] - lag + 1e-9]
    after = np.column_stack([np.interp(starts + lag, times, column) for column in values.T])
    return (after - values[: len(starts)]) / lag


def jitter(values: FloatArray) -> float:
    """Standard deviation of the noise, independent from row to row, in values (T, K), all columns
    together; 0 with fewer than three rows.

    From second differences: steady motion has none, and noise of variance v gives them 6 v.
    """
    second = np.diff(values, 2, axis=0)
    return float(np.sqrt((second**2).sum(1).mean() / 6)) if len(second) else 0.0


@dataclass(frozen=True)
class Shape:
    """Centres (T, 2), sizes (T, 2: width, height) and diagonals (T,) of boxes, pixels."""

    centres: FloatArray
    sizes: FloatArray
    diagonals: FloatArray

    @classmethod
    def of(cls, boxes: FloatArray) -> "Shape":
        """From boxes (T, 4) xyxy."""
        sizes = boxes[:, 2:] - boxes[:, :2]
        diagonals = np.maximum(np.hypot(sizes[:, 0], sizes[:, 1]), 1.0)
        return cls((boxes[:, :2] + boxes[:, 2:]) / 2, sizes, diagonals)
