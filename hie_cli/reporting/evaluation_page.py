"""``hie eval --html``: figures, curves and the worst frames of an evaluation as one page."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.text import printable
from hie_cli.core.types import FloatArray
from hie_cli.evaluation.curves import CurveChart, curve_charts
from hie_cli.evaluation.figure_tables import (
    FigureTable,
    difference_table,
    formula_lines,
    interval_table,
    main_table,
    part_table,
    video_table,
)
from hie_cli.evaluation.scores import ComparisonReport, Report
from hie_cli.evaluation.track_results import TrackResult
from hie_cli.evaluation.worst_frames import WorstFrame
from hie_cli.formats.files import atomic_write
from hie_cli.reporting import charts
from hie_cli.reporting.page import page
from hie_cli.reporting.stills import frames_at, jpeg, narrowed
from hie_cli.video.video_files import find_videos, video_name

_POINTS = 101  # of a curve, at most
_PICTURE = 720  # pixels of width
_SHADES = 8  # of a cell of the confusion matrix
_MOST_FRAMES = 40  # pictures on a page


@dataclass(frozen=True)
class Table:
    """A table as the page writes it: column names, and rows of texts whose first names the row."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Cell:
    """A count of the confusion matrix: what is written, and how dark from 0."""

    text: str
    shade: int


@dataclass(frozen=True)
class TrackSection:
    """What the page shows of one track of one result."""

    title: str
    main: Table
    intervals: Table | None
    parts: Table | None
    plots: tuple[charts.Plot, ...]
    confusion: tuple[tuple[str, tuple[Cell, ...]], ...]
    formulas: tuple[str, ...]


@dataclass(frozen=True)
class Rectangle:
    """A box as SVG draws it; ``kind``: found, missed, right or false."""

    kind: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class Picture:
    """A worst frame: caption, pixels (empty without the video), its drawing's size and boxes."""

    caption: str
    image: str
    width: int
    height: int
    boxes: tuple[Rectangle, ...]


@dataclass(frozen=True)
class Result:
    """One scored result: its name beside another one's (empty if alone), tracks, worst frames."""

    name: str
    notes: tuple[str, ...]
    tracks: tuple[TrackSection, ...]
    pictures: tuple[Picture, ...]


def write_evaluation(
    report: Report | ComparisonReport,
    path: Path | str,
    *,
    video: Sequence[str] = (),
) -> Path:
    """Write the page of an evaluation, or of a comparison, to ``path``; returns it.

    The worst frames are shown where the evaluation kept them (``evaluate(..., worst=4)``), on their
    pixels where ``video`` (files, folders, patterns) holds them. An existing page is replaced, as
    figures of ``--plots`` are. Raises ConfigError if it cannot be written, InputError for videos
    that cannot be read.
    """
    files = {video_name(p): p for p in find_videos(list(video))}
    if isinstance(report, ComparisonReport):
        results = [_result("A", report.first, files), _result("B", report.second, files)]
        level = report.first.evaluation.config.bootstrap.level
        tracks = report.first.tracks
        differences = [
            (
                tracks[key].metric.title,
                _table(difference_table(comparison, tracks[key].metric, level)),
                _table(video_table(comparison, tracks[key].metric)),
            )
            for key, comparison in report.tracks.items()
        ]
    else:
        results, differences = [_result("", report, files)], []
    text = page(
        "evaluation.html.jinja",
        title="Comparison of A and B" if differences else "Evaluation",
        results=results,
        differences=differences,
        confusion_names=[*ACTIONS, "missed"],
        chart=(charts.WIDTH, charts.HEIGHT, charts.LEFT, charts.RIGHT, charts.TOP, charts.BOTTOM),
    )
    with atomic_write(Path(path)) as file:
        file.write(text)
    return Path(path)


def _result(name: str, report: Report, files: dict[str, Path]) -> Result:
    return Result(
        name,
        tuple(printable(note, keep="") for note in report.notes),
        tuple(_section(key, result, report) for key, result in report.tracks.items()),
        tuple(_pictures(report, files)),
    )


def _section(key: str, result: TrackResult, report: Report) -> TrackSection:
    spans, parts = report.intervals.get(key), part_table(result)
    return TrackSection(
        result.metric.title,
        _table(main_table(result)),
        None if spans is None else _table(interval_table(result, spans)),
        None if parts is None else _table(parts),
        tuple(map(_plot, curve_charts(result))),
        _confusion(result),
        formula_lines(result),
    )


def _table(figures: FigureTable) -> Table:
    return Table(figures.header, figures.texts(undefined="–", between=" to "))


def _plot(chart: CurveChart) -> charts.Plot:
    step = max(1, -(-len(chart.x) // _POINTS))
    curves = {name: values[::step].tolist() for name, values in chart.curves.items()}
    return charts.plot(chart.title, chart.x[::step].tolist(), curves, *chart.labels)


def _confusion(result: TrackResult) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
    """Rows of the confusion matrix that hold something, shaded by their share of the row."""
    matrix = np.array(result.pooled.series.get("confusion", []))
    rows = []
    for name, counts in zip([*ACTIONS, "nobody"], matrix, strict=False):
        total = counts.sum()
        if total:
            shades = np.ceil(counts / total * _SHADES).astype(int)
            cells = zip(counts.tolist(), shades.tolist(), strict=True)
            rows.append((name, tuple(Cell(str(n) if n else "", shade) for n, shade in cells)))
    return tuple(rows)


def _pictures(report: Report, files: dict[str, Path]) -> Iterator[Picture]:
    """The worst frames of all sequences, worst first, at most ``_MOST_FRAMES``."""
    every = [(name, f) for name, found in report.evaluation.worst.items() for f in found]
    every.sort(key=lambda pair: -(pair[1].missed + pair[1].false))
    chosen = every[:_MOST_FRAMES]
    pixels: dict[tuple[str, int], Any] = {}
    for name in dict.fromkeys(name for name, _ in chosen):
        if name in files and files[name].is_file():
            rows = sorted(frame.index for other, frame in chosen if other == name)
            pixels |= {(name, row): image for row, image in frames_at(files[name], rows)}
    for name, frame in chosen:
        yield _picture(name, frame, pixels.get((name, frame.index)))


def _picture(name: str, frame: WorstFrame, image: Any) -> Picture:
    if image is not None:
        height, width = image.shape[:2]
    else:
        corners = np.concatenate([frame.true_boxes, frame.boxes])[:, 2:]
        width, height = (max(1, math.ceil(side)) for side in corners.max(0, initial=1.0))
    boxes = [
        _rectangle("found" if found else "missed", box)
        for box, found in zip(frame.true_boxes, frame.found, strict=True)
    ]
    boxes += [
        _rectangle("right" if right else "false", box)
        for box, right in zip(frame.boxes, frame.right, strict=True)
    ]
    counts = f"{frame.missed} missed, {frame.false} false"
    caption = f"{printable(name, keep='')}, frame {frame.index}: {counts}"
    address = "" if image is None else jpeg(narrowed(image, _PICTURE))
    return Picture(caption, address, width, height, tuple(boxes))


def _rectangle(kind: str, box: FloatArray) -> Rectangle:
    x1, y1, x2, y2 = box.tolist()
    return Rectangle(kind, *(f"{value:.1f}" for value in (x1, y1, x2 - x1, y2 - y1)))
