"""The curves of a scored track, for pictures and pages alike."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hie_cli.core.action_classes import ACTIONS
from hie_cli.evaluation.metrics.detection_ap import DetectionSums
from hie_cli.evaluation.metrics.pose_ap import pose_curves
from hie_cli.evaluation.metrics.ranking import Floats, curve, interpolated, ranking
from hie_cli.evaluation.track_results import TrackResult

_PR = ("recall", "precision")
_HOTA = ("localisation threshold alpha", "score")


@dataclass(frozen=True, eq=False)
class CurveChart:
    """Curves (n,) by name over one axis ``x`` (n,), all between 0 and 1.

    ``name``: of a file that holds their picture · ``labels``: of both axes · ``dots``: whether the
    points themselves count.
    """

    name: str
    title: str
    labels: tuple[str, str]
    x: Floats
    curves: dict[str, Floats]
    dots: bool = False


def curve_charts(result: TrackResult) -> list[CurveChart]:
    """Precision over recall, or HOTA over its thresholds: what the track of ``result`` has."""
    makers: dict[str, Callable[[TrackResult], CurveChart]] = {
        "detection": _detection,
        "1": lambda track: _hota("track1_hota", "Track 1: HOTA over alpha", track),
        "2": _poses,
        "3": lambda track: _hota("track3_hota", "Track 3: pose HOTA over alpha", track),
        "4": _actions,
    }
    key = result.metric.key
    return [makers[key](result)] if key in makers else []


def _hota(name: str, title: str, result: TrackResult) -> CurveChart:
    series = {
        figure: np.array(result.pooled.series[figure])
        for figure in ("HOTA", "DetA", "AssA", "LocA")
    }
    labelled = {f"{n} (mean {np.mean(values):.3f})": values for n, values in series.items()}
    alphas = np.array(result.pooled.series["alpha"])
    return CurveChart(name, title, _HOTA, alphas, labelled, dots=True)


def _detection(result: TrackResult) -> CurveChart:
    parts: list[DetectionSums] = list(result.parts.values())
    sums = parts[0]
    for part in parts[1:]:
        sums = sums + part
    curves = {f"IoU {iou:g} (AP {sums.ap(iou):.3f})": sums.curve(iou) for iou in (0.5, 0.75, 0.9)}
    grid = sums.curve(0.5)[0]
    precisions = {name: pair[1] for name, pair in curves.items()}
    return CurveChart("detection_pr", "Detection", _PR, grid, precisions)


def _poses(result: TrackResult) -> CurveChart:
    config = result.metric.config.pose
    grid, precision = pose_curves([part.joints for part in result.parts.values()], config)
    labels = [f"alpha {a:g} (AP {result.pooled.scalars[f'AP@{a:g}']:.3f})" for a in config.alphas]
    curves = dict(zip(labels, precision, strict=True))
    return CurveChart("track2_pr", "Track 2: mean over joints", _PR, grid, curves)


def _actions(result: TrackResult) -> CurveChart:
    config = result.metric.config.effective_action
    grid = np.linspace(0, 1, 201)
    curves = {}
    for c, action in enumerate(ACTIONS):
        rank = ranking([part.classes[c] for part in result.parts.values()])
        if rank.positives > 0:
            recall, precision = curve(rank, config.ties)
            ap = result.pooled.scalars[f"AP@{config.ious[0]:g}/{action}"]
            curves[f"{action} ({ap:.3f})"] = interpolated(grid, recall[0], precision[0])
    return CurveChart("track4_pr", f"Track 4 at IoU {config.ious[0]:g}", _PR, grid, curves)
