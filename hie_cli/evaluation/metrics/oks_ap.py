"""OKS average precision and recall of poses: COCO's keypoint protocol with the 14 HiEve joints.

Equal to pycocotools' COCOeval for keypoints given the same sigmas. Beside the official Track 2
figures, never one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.annotations import Annotations
from hie_cli.core.skeletons import NUM_JOINTS, OKS_SIGMAS
from hie_cli.core.types import BoolArray, People
from hie_cli.evaluation.crowd_weights import crowd_indices
from hie_cli.evaluation.matching import Joints, decimals, true_joints
from hie_cli.evaluation.metrics.detection_ap import match
from hie_cli.evaluation.metrics.ranking import (
    Floats,
    Scored,
    coco_average_precision,
    mean_present,
    ranking,
    total_recall,
)

THRESHOLDS: Floats = np.linspace(0.5, 0.95, 10)
# COCO's sizes of a person in px²; keypoints have no "small".
AREAS: dict[str, tuple[float, float]] = {
    "all": (0.0, 1e10),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}
# CrowdPose's (arXiv 1812.00324) easy, medium and hard images: Crowd Index (low, high], 0 is easy.
SPLITS: dict[str, tuple[float, float]] = {
    "easy": (-1.0, 0.1),
    "medium": (0.1, 0.8),
    "hard": (0.8, float("inf")),
}


@dataclass(frozen=True)
class OksConfig:
    """``joints``: COCO counts every annotated joint, visible or not. ``area_factor``: a person's
    area as part of its box, where the truth states no area (CrowdPose's evaluator: 0.53).
    ``max_people``: predictions per frame, best first.
    """

    joints: Joints = "annotated"
    area_factor: float = 1.0
    max_people: int = 20


@dataclass(frozen=True)
class OksPart:
    """What one sequence contributes: a ``Scored`` per size of ``AREAS``; crowd index (T,)."""

    areas: tuple[Scored, ...]
    crowd: Floats


def collect_oks(
    frames: Sequence[tuple[Annotations, People]], config: OksConfig, crowd: Floats | None = None
) -> OksPart:
    """Match every frame of a sequence, given as (truth, predictions) frame by frame.

    ``crowd`` (T,): its ``weights.crowd_indices``, if known.
    """
    scored = [_frame(truth, people, config) for truth, people in frames if truth.annotated]
    times = [t for t, (truth, _) in enumerate(frames) if truth.annotated]
    people_start = np.cumsum([0, *(len(frame.scores) for frame in scored)])
    truth_start = np.cumsum([0, *(len(frame.size) for frame in scored)])
    pairs = list(zip(scored, truth_start, people_start, strict=False))
    rows = _joined([frame.rows + start for frame, start, _ in pairs], np.int64)
    columns = _joined([frame.columns + start for frame, _, start in pairs], np.int64)
    similarity = _joined([frame.similarity for frame in scored], np.float64)
    size, extent = (
        _joined([getattr(f, n) for f in scored], np.float64) for n in ("size", "extent")
    )
    crowds, void = (_joined([getattr(f, n) for f in scored], np.bool_) for n in ("crowd", "void"))
    scores = _joined([frame.scores for frame in scored], np.float64)
    frame_of = np.repeat(np.array(times, np.int32), np.diff(people_start))
    truth_frame = np.repeat(np.array(times, np.int64), np.diff(truth_start))
    areas = []
    for low, high in AREAS.values():
        ignored = void | (size < low) | (size > high)
        right, absorbed = match(rows, columns, similarity, ignored, crowds, len(scores))
        outside = ~right & ((extent < low) | (extent > high))
        marks = np.where(absorbed | outside, -1, right).astype(np.int8)
        positives = np.bincount(truth_frame[~ignored], minlength=len(frames)).astype(np.float64)
        areas.append(Scored(scores, marks, frame_of, positives, np.ones(len(frames))))
    known = crowd_indices([truth for truth, _ in frames]) if crowd is None else crowd
    return OksPart(tuple(areas), known)


def _joined(parts: list[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *parts]).astype(dtype)


@dataclass(frozen=True)
class _Frame:
    """One frame: scores and extent in px² of the predictions (P,), best first; of the true persons
    (G,) the size in px², whether they are a crowd, and whether they do not count; and the pairs
    similar enough to match (K,), rows of the truth and columns of the predictions.
    """

    scores: NDArray[np.float64]
    extent: Floats
    size: Floats
    crowd: BoolArray
    void: BoolArray
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    similarity: Floats


def _frame(truth: Annotations, people: People, config: OksConfig) -> _Frame:
    posed = _posed(people)
    found = posed[np.argsort(-posed.scores, kind="stable")[: config.max_people]]
    has = true_joints(truth, config.joints)
    size = _truth_areas(truth, config)
    columns, rows = _near(truth, found, has, size)
    similarity = pair_oks(truth, found, has, size, columns, rows)
    enough = similarity >= THRESHOLDS[0]
    return _Frame(
        found.scores.astype(np.float64),
        _pose_areas(found),
        size,
        truth.ignore,
        truth.ignore | ~np.any(has, axis=1),
        rows[enough],
        columns[enough],
        similarity[enough],
    )


def _posed(people: People) -> People:
    """Those who have at least one joint."""
    if people.keypoints is None:
        return people[np.zeros(0, np.int64)]
    return people[np.any(geometry.known(people.keypoints), axis=1)]


def _truth_areas(truth: Annotations, config: OksConfig) -> Floats:
    boxes = geometry.area(decimals(truth.boxes)) * config.area_factor
    if truth.areas is None:
        return boxes
    stated = truth.areas.astype(np.float64)
    return np.where(np.isfinite(stated), stated, boxes)


def _pose_areas(people: People) -> Floats:
    """Area (P,) of the box around each predicted pose."""
    points = _points(people)
    side = np.fmax.reduce(points, axis=1) - np.fmin.reduce(points, axis=1)
    extent: Floats = side[:, 0] * side[:, 1]
    return extent


def _points(people: People | Annotations) -> Floats:
    """Joints (N, 14, 2) in float64; NaN where there are none."""
    if people.keypoints is None:
        return np.full((len(people), NUM_JOINTS, 2), np.nan)
    return decimals(people.keypoints)


def _near(
    truth: Annotations, people: People, has: BoolArray, size: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (prediction, truth) that can reach an OKS of 0.5: few do.

    The mean of exp(-d^2 / (8 sigma^2 area)) over the joints is below 0.5 if no joint is nearer than
    d = sqrt(8 ln 2 area) sigma, with the largest sigma. Persons without joints stay in.
    """
    true_points = np.where(has[..., None], _points(truth), np.nan)
    points = _points(people)
    reach = np.sqrt(8 * np.log(2) * (size + 1))[:, None] * OKS_SIGMAS.max()
    low, high = np.fmin.reduce(points, axis=1), np.fmax.reduce(points, axis=1)
    true_low = np.fmin.reduce(true_points, axis=1) - reach
    true_high = np.fmax.reduce(true_points, axis=1) + reach
    apart = (low[:, None] > true_high[None]) | (high[:, None] < true_low[None])
    prediction, true = np.nonzero(~apart.any(axis=2))
    return prediction, true


def pair_oks(
    truth: Annotations,
    people: People,
    has: BoolArray,
    size: Floats,
    prediction: NDArray[np.int64],
    true: NDArray[np.int64],
) -> Floats:
    """OKS (K,) of pairs of predictions and true persons.

    Only joints that the truth ``has`` count; one missing in the prediction adds 0. A true person
    without joints is compared by the distance outside its doubled box, as COCO does.
    """
    points = _points(people)[prediction]
    offset = points - _points(truth)[true]
    boxes = decimals(truth.boxes)[true]
    side = boxes[:, 2:] - boxes[:, :2]
    low, high = (boxes[:, :2] - side)[:, None], (boxes[:, :2] + 2 * side)[:, None]
    beyond = np.maximum(low - points, 0) + np.maximum(points - high, 0)
    counts = has[true]
    bare = ~np.any(counts, axis=1)
    apart = np.where(bare[:, None, None], beyond, offset)
    similarity = geometry.keypoint_similarity((apart**2).sum(axis=-1), size[true] + np.spacing(1))
    counts = counts | bare[:, None]
    near = np.where(counts & np.isfinite(similarity), similarity, 0.0)
    mean: Floats = near.sum(axis=1) / counts.sum(axis=1)
    return mean


@dataclass(frozen=True)
class Oks:
    """COCO's ten keypoint figures by name (AP, AP50, AP75, AP_medium, AP_large, AR, ...), and AP of
    CrowdPose's easy, medium and hard images; NaN where there is no truth.
    """

    figures: dict[str, float]


def oks_ap(parts: Sequence[OksPart]) -> Oks:
    """OKS figures over one or several sequences, pooled."""
    figures: dict[str, float] = {}
    recalls: dict[str, float] = {}
    for a, name in enumerate(AREAS):
        rank = ranking([part.areas[a] for part in parts])
        ap, ar = coco_average_precision(rank), total_recall(rank)
        if name == "all":
            figures |= {"AP": float(ap.mean()), "AP50": float(ap[0]), "AP75": float(ap[5])}
            recalls |= {"AR": float(ar.mean()), "AR50": float(ar[0]), "AR75": float(ar[5])}
        else:
            figures[f"AP_{name}"] = float(ap.mean())
            recalls[f"AR_{name}"] = float(ar.mean())
    figures |= recalls
    for name, (low, high) in SPLITS.items():
        chosen = [_chosen(part, low, high) for part in parts]
        split = coco_average_precision(ranking(chosen, weighted=True))
        figures[f"AP_{name}_crowd"] = float(mean_present(split))
    return Oks(figures)


def _chosen(part: OksPart, low: float, high: float) -> Scored:
    """All sizes, with weight on the frames whose Crowd Index lies in (low, high] alone."""
    inside = (part.crowd > low) & (part.crowd <= high)
    return replace(part.areas[0], weights=inside.astype(np.float64))
