"""Charts as plain shapes that a template draws as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 480, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 10, 34  # margins


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram or a list: its label, its value, its share of the largest one."""

    label: str
    value: str
    share: float


@dataclass(frozen=True)
class Column:
    """A column of a histogram, in the coordinates of an SVG of ``WIDTH`` x ``HEIGHT``."""

    x: str
    y: str
    width: str
    height: str
    title: str


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, and what is written there."""

    at: str
    text: str


@dataclass(frozen=True)
class Histogram:
    """Columns over a numbered axis."""

    columns: tuple[Column, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_label: str
    y_label: str
    summary: str


@dataclass(frozen=True)
class Line:
    """One curve: its points as SVG wants them, its name, the number of its colour and dashes."""

    points: str
    name: str
    style: int


@dataclass(frozen=True)
class Plot:
    """Curves over two axes that go from 0 to 1."""

    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_label: str
    y_label: str
    title: str
    summary: str


def bars(values: Mapping[str, float], form: str = "{:g}") -> tuple[Bar, ...]:
    """Values above 0 as bars, the largest first."""
    most = max(values.values(), default=0.0)
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Bar(name, form.format(value), value / most) for name, value in ordered if value > 0
    )


def histogram(
    counts: NDArray[np.integer], width: float, x_label: str, y_label: str, summary: str
) -> Histogram:
    """Counts (B,) of bins that begin at 0 and are ``width`` wide; the last takes all above."""
    most = nice(max(1, int(counts.max(initial=0))))
    step = (WIDTH - LEFT - RIGHT) / len(counts)
    deep = HEIGHT - TOP - BOTTOM
    columns = []
    for i, count in enumerate(counts.tolist()):
        high = deep * count / most
        till = "or more" if i == len(counts) - 1 else f"to {(i + 1) * width:g}"
        columns.append(
            Column(
                f"{LEFT + i * step + 1:.1f}",
                f"{TOP + deep - high:.1f}",
                f"{step - 2:.1f}",
                f"{high:.1f}",
                f"{i * width:g} {till}: {count}",
            )
        )
    x_ticks = tuple(
        Tick(f"{LEFT + i * step:.1f}", f"{i * width:g}") for i in range(0, len(counts) + 1, 5)
    )
    return Histogram(tuple(columns), x_ticks, _y_ticks(most), x_label, y_label, summary)


def plot(
    title: str,
    x: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    x_label: str,
    y_label: str,
) -> Plot:
    """Curves over ``x``, both between 0 and 1; values that are no number are left out."""
    lines = []
    for style, (name, values) in enumerate(curves.items()):
        points = " ".join(
            f"{LEFT + (WIDTH - LEFT - RIGHT) * a:.1f},{TOP + (HEIGHT - TOP - BOTTOM) * (1 - b):.1f}"
            for a, b in zip(x, values, strict=True)
            if np.isfinite(b)
        )
        lines.append(Line(points, name, style))
    x_ticks = tuple(
        Tick(f"{LEFT + (WIDTH - LEFT - RIGHT) * i / 5:.1f}", f"{i / 5:g}") for i in range(6)
    )
    y_ticks = tuple(
        Tick(f"{TOP + (HEIGHT - TOP - BOTTOM) * (1 - i / 5):.1f}", f"{i / 5:g}") for i in range(6)
    )
    summary = f"{title}: {y_label} over {x_label} for {', '.join(curves)}"
    return Plot(tuple(lines), x_ticks, y_ticks, x_label, y_label, title, summary)


def nice(value: int) -> int:
    """The next whole number of the form 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= value:
                return digit * power
        power *= 10


def _y_ticks(most: int) -> tuple[Tick, ...]:
    deep = HEIGHT - TOP - BOTTOM
    parts = 2 if most == 2 else 1 if most == 1 else 5 if most % 5 == 0 else 4
    return tuple(
        Tick(f"{TOP + deep * (1 - i / parts):.1f}", f"{most * i / parts:g}")
        for i in range(parts + 1)
    )
