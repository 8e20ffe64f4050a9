"""Pictures of an evaluation, as PNG files (matplotlib without a display)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core import libraries
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.errors import ConfigError
from hie_cli.evaluation.curves import CurveChart, curve_charts
from hie_cli.evaluation.figure_tables import by_part
from hie_cli.evaluation.metrics.ranking import Floats
from hie_cli.evaluation.timeline import ABSENT, MISSED, Timeline
from hie_cli.evaluation.track_results import Evaluation, TrackResult
from hie_cli.formats.files import atomic_write, file_name

_DPI = 120


def draw(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write every picture that the scored tracks allow into ``folder``; returns their paths.

    ``detection_pr``, ``track1_hota``, ``track1_ids_NAME``, ``track2_pr``, ``track2_joints``,
    ``track3_hota``, ``track3_joints``, ``track4_pr``, ``track4_classes``, ``track4_confusion``.
    Raises ConfigError if the folder cannot be written.
    """
    try:
        libraries.matplotlib()
    except ImportError as error:
        raise ConfigError(f"--plots needs matplotlib ({error}); pip install matplotlib") from None
    painters: dict[str, Callable[[TrackResult], Iterator[tuple[str, Any]]]] = {
        "2": _poses,
        "3": _pose_tracks,
        "4": _actions,
    }
    written = []
    for key, result in evaluation.tracks.items():
        for chart in curve_charts(result):
            written.append(_save(_curves(chart), folder / f"{chart.name}.png"))
        figures = painters[key](result) if key in painters else ()
        written += [_save(figure, folder / f"{name}.png") for name, figure in figures]
    for name, line in evaluation.timelines.items():
        written.append(_save(_timeline(name, line), folder / f"track1_ids_{file_name(name)}.png"))
    return written


def _save(figure: Any, path: Path) -> Path:
    """Publish a picture, whole or not at all."""
    from matplotlib import pyplot

    with atomic_write(path, "wb") as file:
        figure.savefig(file, format="png", dpi=_DPI, bbox_inches="tight")
    pyplot.close(figure)
    return path


def _axes(title: str, x: str, y: str, size: tuple[float, float] = (6, 4.2)) -> tuple[Any, Any]:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=size)
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, axes


def _curves(chart: CurveChart) -> Any:
    """Curves between 0 and 1, a line for each name."""
    from matplotlib import colormaps

    figure, axes = _axes(chart.title, *chart.labels)
    palette = "tab10" if len(chart.curves) <= 10 else "tab20"
    axes.set_prop_cycle(color=colormaps[palette](np.arange(len(chart.curves))))
    for label, values in chart.curves.items():
        axes.plot(chart.x, values, marker="." if chart.dots else None, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    _legend_beside(axes)
    return figure


def _legend_beside(axes: Any) -> None:
    """A legend to the right of the picture, where it hides nothing."""
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)


def _bars(title: str, values: dict[str, dict[str, float]], figures: tuple[str, ...]) -> Any:
    """A group of bars per part (joint, class), one bar per figure, in per cent."""
    figure, axes = _axes(title, "", "%", (max(6, 0.62 * len(values) + 2), 4.2))
    width = 0.8 / len(figures)
    for i, name in enumerate(figures):
        heights = [100 * v.get(name, float("nan")) for v in values.values()]
        axes.bar(
            np.arange(len(values)) + (i - (len(figures) - 1) / 2) * width,
            heights,
            width,
            label=name,
        )
    axes.set_xticks(np.arange(len(values)), list(values), rotation=40, ha="right", fontsize=8)
    axes.set_xlim(-0.6, len(values) - 0.4)
    axes.set_ylim(min(0, axes.get_ylim()[0]), 100)  # MOTA can lie below 0
    axes.set_axisbelow(True)
    axes.grid(axis="y", alpha=0.3)
    _legend_beside(axes)
    return figure


def _poses(result: TrackResult) -> Iterator[tuple[str, Any]]:
    config = result.metric.config.pose
    names = (*(f"AP@{a:g}" for a in config.alphas), "AP@avg")
    yield "track2_joints", _bars("Track 2: AP per joint", by_part(result.pooled.scalars), names)


def _pose_tracks(result: TrackResult) -> Iterator[tuple[str, Any]]:
    joints = by_part(result.pooled.scalars)
    yield "track3_joints", _bars("Track 3: MOTA and MOTP per joint", joints, ("MOTA", "MOTP"))


def _actions(result: TrackResult) -> Iterator[tuple[str, Any]]:
    config = result.metric.config.effective_action
    names = (*(f"AP@{t:g}" for t in config.ious), "AP@avg")
    yield "track4_classes", _bars("Track 4: AP per class", by_part(result.pooled.scalars), names)
    yield "track4_confusion", _confusion(np.array(result.pooled.series["confusion"]))


def _confusion(matrix: Floats) -> Any:
    """Shares of each true class, counts written in."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 8))
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(matrix)), [*ACTIONS, "missed"], rotation=60, ha="right", fontsize=8)
    axes.set_yticks(range(len(matrix)), [*ACTIONS, "nobody"], fontsize=8)
    axes.set(title="Track 4: matched persons", xlabel="predicted", ylabel="true")
    for (i, j), count in np.ndenumerate(matrix):
        if count:
            colour = "white" if shares[i, j] > 0.5 else "black"
            axes.text(j, i, str(count), ha="center", va="center", fontsize=7, color=colour)
    return figure


def _timeline(name: str, line: Timeline) -> Any:
    """A row per true person: the colour is the id that follows it; grey: missed, white: absent."""
    from matplotlib.colors import hsv_to_rgb

    rows = len(line.truth_ids)
    figure, axes = _axes(
        f"{name}: which id follows whom (grey: missed)", "frame", "true person",
        (10, min(40.0, max(2.0, 0.22 * rows + 1))),
    )  # fmt: skip
    # Neighbouring ids get colours far apart; the golden ratio spreads them over the wheel.
    hue = (np.maximum(line.followed, 0) * 0.618034) % 1.0
    strength = 0.45 + 0.15 * (np.maximum(line.followed, 0) % 3)
    image = hsv_to_rgb(np.stack([hue, strength, np.full(hue.shape, 0.88)], axis=-1))
    image[line.followed == MISSED] = 0.7
    image[line.followed == ABSENT] = 1.0
    axes.imshow(image, aspect="auto", interpolation="nearest")
    shown = range(0, rows, 1 + rows // 180)
    axes.set_yticks(shown, [str(line.truth_ids[i]) for i in shown], fontsize=7)
    return figure
