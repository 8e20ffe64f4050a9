"""The tables of an evaluation and of a comparison: which figures, in which order, by which names.

Values are plain; ``FigureTable.texts`` is how each printer turns them into text.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hie_cli.core.text import printable
from hie_cli.evaluation.bootstrap import Comparison, Difference, Interval, Intervals
from hie_cli.evaluation.track_results import TrackResult, rows
from hie_cli.evaluation.tracks.metric import Metric

# Whole numbers worth a column beside the headline figures.
_COUNTS = ("FP", "FN", "IDSW", "IDSW_DT", "MT", "ML", "Frag")
# A fraction (NaN: undefined), the bounds of one, text, or nothing to show.
Value = float | Interval | str | None


@dataclass(frozen=True)
class FigureTable:
    """A table: its column names, and rows of values whose first one names the row."""

    header: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def texts(self, undefined: str, between: str) -> tuple[tuple[str, ...], ...]:
        """The rows' cells: fractions in per cent, ``undefined`` for NaN, ``between`` two bounds."""

        def text(value: Value) -> str:
            if value is None or isinstance(value, str):
                return value or ""
            if isinstance(value, tuple):
                return between.join(map(text, value))
            return undefined if math.isnan(value) else f"{100 * value:.2f}"

        return tuple(tuple(map(text, row)) for row in self.rows)


def main_table(result: TrackResult) -> FigureTable:
    """The headline figures: a row per sequence and, of several, their mean and all pooled."""
    figures = result.metric.headline
    counts = [name for name in _COUNTS if name in result.pooled.counts]
    body: list[tuple[Value, ...]] = []
    for name, scalars, whole in rows(result):
        values = [scalars.get(figure, math.nan) for figure in figures]
        body.append(
            (printable(name, keep=""), *values, *(str(whole.get(count, "")) for count in counts))
        )
    return FigureTable(
        ("sequence", *figures, *counts), tuple(body if len(result.sequences) > 1 else body[:1])
    )


def interval_table(result: TrackResult, intervals: Intervals) -> FigureTable:
    """The headline figures' mean and pooled value, each with its confidence interval."""
    return FigureTable(
        ("figure", "mean", "interval", "pooled", "interval"),
        tuple(
            (
                name,
                result.mean[name],
                intervals.mean.get(name),
                result.pooled.scalars[name],
                intervals.pooled.get(name),
            )
            for name in result.metric.headline
            if name in result.mean
        ),
    )


def part_table(result: TrackResult) -> FigureTable | None:
    """The pooled figures of each joint or class; None for a track that has none."""
    parts = by_part(result.pooled.scalars)
    if not parts:
        return None
    columns = list(dict.fromkeys(figure for values in parts.values() for figure in values))
    return FigureTable(
        ("pooled", *columns),
        tuple(
            (part, *(values.get(column, math.nan) for column in columns))
            for part, values in parts.items()
        ),
    )


def by_part(scalars: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Figures named ``figure/part`` as {part: {figure: value}}; parts without a value left out."""
    parts: dict[str, dict[str, float]] = {}
    for name, value in scalars.items():
        figure, slash, part = name.partition("/")
        if slash:
            parts.setdefault(part, {})[figure] = value
    return {p: v for p, v in parts.items() if not all(math.isnan(x) for x in v.values())}


def formula_lines(result: TrackResult) -> tuple[str, ...]:
    """How each weighted figure is computed; none of them is official."""
    return tuple(f"{n}, not official: {f}" for n, f in result.pooled.formulas.items())


def difference_table(comparison: Comparison, metric: Metric[Any], level: float) -> FigureTable:
    """The pooled figures of both results, headline first, then those of joints or classes."""
    header = ("figure", "A", "B", "A-B", f"{level:.0%} interval", "P(A better)", "better")
    names = list(metric.headline)
    names += [n for n in comparison.pooled if n.startswith(f"{metric.by_part}/")]
    chosen = [(name, comparison.pooled[name]) for name in names]
    known = [(name, d) for name, d in chosen if not math.isnan(d.a) or not math.isnan(d.b)]
    return FigureTable(header, tuple(_difference(name, d) for name, d in known))


def _difference(name: str, d: Difference) -> tuple[Value, ...]:
    better = None if d.a_better is None else f"{d.a_better:.3f}"
    return name, d.a, d.b, d.a - d.b, d.interval, better, d.verdict


def video_table(comparison: Comparison, metric: Metric[Any]) -> FigureTable:
    """The track's first figure of both results, video by video."""
    main = metric.headline[0]

    def body() -> Iterator[tuple[Value, ...]]:
        for name, values in comparison.videos.items():
            a, b = values[main]
            yield printable(name, keep=""), a, b, a - b

    return FigureTable((main, "A", "B", "A-B"), tuple(body()))
