"""The figures of an evaluation: of each track, sequence by sequence, their mean, and pooled."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hie_cli.evaluation.metrics.ranking import mean_present
from hie_cli.evaluation.sequence_scores import Unscored
from hie_cli.evaluation.settings import EvalConfig
from hie_cli.evaluation.timeline import Timeline
from hie_cli.evaluation.tracks import Figures, Metric
from hie_cli.evaluation.worst_frames import WorstFrame


@dataclass(frozen=True)
class TrackResult:
    """One track of one evaluation: what each sequence contributed, and the figures."""

    metric: Metric[Any]
    parts: dict[str, Any]
    sequences: dict[str, Figures]
    pooled: Figures
    mean: dict[str, float]


@dataclass(frozen=True)
class Evaluation:
    """The figures of every scored track, notes for the reader, and id timelines and the worst
    frames of every sequence if asked for.

    ``failures``: sequences that could not be read or scored, and are in no figure.
    """

    tracks: dict[str, TrackResult]
    notes: tuple[str, ...]
    timelines: dict[str, Timeline]
    config: EvalConfig
    worst: dict[str, tuple[WorstFrame, ...]] = field(default_factory=dict)
    failures: tuple[Unscored, ...] = ()


def track_result(metric: Metric[Any], parts: dict[str, Any]) -> TrackResult:
    """Figures of each sequence, pooled, and their mean over the sequences that have them."""
    each = {name: metric.figures([part]) for name, part in parts.items()}
    pooled = metric.figures(list(parts.values()))
    mean = {
        name: float(mean_present(np.array([f.scalars[name] for f in each.values()])))
        for name in pooled.scalars
    }
    return TrackResult(metric, parts, each, pooled, mean)


def rows(result: TrackResult) -> Iterator[tuple[str, dict[str, float], dict[str, int]]]:
    """Name, scalars and counts of every sequence, of their mean (no counts), and of all pooled."""
    for name, figures in result.sequences.items():
        yield name, figures.scalars, figures.counts
    yield "mean", result.mean, {}
    yield "pooled", result.pooled.scalars, result.pooled.counts
