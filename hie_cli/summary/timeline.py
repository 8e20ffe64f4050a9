"""The picture of a summary: scores over time, shots, what was chosen, and its key frames."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core import libraries
from hie_cli.core.types import Image
from hie_cli.formats.files import atomic_write
from hie_cli.summary.results import VideoSummary

_PICTURES = 6  # key frames in a row
_PART_COLOURS = ("#d62728", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b", "#17becf")


def write_timeline(path: Path, summary: VideoSummary, pictures: dict[int, Image]) -> None:
    """PNG: the key frames above, below the samples' scores and parts over shots.

    pictures: key frames (H, W, 3) BGR by frame. Raises ConfigError if the place cannot be written.
    """
    libraries.matplotlib()
    from matplotlib.figure import Figure

    fps = summary.fps
    shown = sorted(pictures)
    best = {shot.key_frame: shot.score for shot in summary.shots if shot.chosen}
    if len(shown) > 2 * _PICTURES:
        shown = sorted(sorted(shown, key=lambda t: -best.get(t, 0.0))[: 2 * _PICTURES])
    rows = -(-len(shown) // _PICTURES)
    figure = Figure(figsize=(12, 4 + 1.6 * rows), layout="constrained")
    grid = figure.add_gridspec(rows + 1, _PICTURES, height_ratios=[1.0] * rows + [2.4])
    for place, index in enumerate(shown):
        axes = figure.add_subplot(grid[place // _PICTURES, place % _PICTURES])
        axes.imshow(np.ascontiguousarray(pictures[index][..., ::-1]))
        axes.set_title(_clock(index / fps), fontsize=9)
        axes.set_axis_off()
    axes = figure.add_subplot(grid[rows, :])
    _scores(axes, summary)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
    with atomic_write(path, "wb") as file:
        file.write(buffer.getvalue())


def _scores(axes: Any, summary: VideoSummary) -> None:
    fps, seconds = summary.fps, summary.picks / summary.fps
    for shot in summary.shots:
        axes.axvline(shot.first / fps, color="0.85", linewidth=0.8, zorder=0)
        if shot.chosen:
            axes.axvspan(shot.first / fps, (shot.last + 1) / fps, color="#1f77b4", alpha=0.18)
            axes.plot(shot.key_frame / fps, 1.02, "v", color="#1f77b4", markersize=5, clip_on=False)
    for (name, part), colour in zip(summary.parts.items(), _PART_COLOURS, strict=False):
        axes.plot(seconds, part, color=colour, linewidth=0.8, alpha=0.7, label=name)
    axes.plot(seconds, summary.scores, color="black", linewidth=1.6, label="score")
    axes.set_xlim(0, summary.num_frames / fps)
    axes.set_ylim(0, max(1.0, float(summary.scores.max(initial=0.0))))
    axes.set_xlabel("seconds")
    title = f"{summary.name}: {summary.method}, {len(summary.chosen)} of {len(summary.shots)} shots"
    axes.set_title(title, fontsize=10)
    axes.legend(loc="upper right", fontsize=8, ncols=4)


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
