"""OKS average precision and recall of poses: COCO's keypoint protocol with the 14 HiEve joints.

Equal to pycocotools' COCOeval for keypoints given the same sigmas. Beside the official Track 2
figures, never one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hie_cli.boxes import area
from hie_cli.evaluation.crowd_index import crowd_index
from hie_cli.evaluation.matching import Joints, decimals, true_joints
from hie_cli.evaluation.ranking import (
    Floats,
    Scored,
    coco_average_precision,
    mean_present,
    ranking,
    total_recall,
)
from hie_cli.skeletons import OKS_SIGMAS
from hie_cli.types import Annotations, BoolArray, People

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


def collect_oks(frames: Sequence[tuple[Annotations, People]], config: OksConfig) -> OksPart:
    """Match every frame of a sequence, given as (truth, predictions) frame by frame."""
    count = len(THRESHOLDS)
    positives = np.zeros((len(AREAS), len(frames)))
    scores, times = [np.zeros(0, np.float32)], [np.zeros(0, np.int32)]
    marks = [np.zeros((len(AREAS), count, 0), np.int8)]
    crowd = np.zeros(len(frames))
    for t, (truth, people) in enumerate(frames):
        if not truth.annotated:
            continue
        stated = truth.crowd_index
        crowd[t] = crowd_index(truth) if stated is None else stated
        posed = _posed(people)
        found = posed[np.argsort(-posed.scores, kind="stable")[: config.max_people]]
        frame_marks, positives[:, t] = _match_frame(truth, found, config)
        marks.append(frame_marks)
        scores.append(found.scores.astype(np.float32))
        times.append(np.full(len(found), t, np.int32))
    all_scores, all_times = np.concatenate(scores), np.concatenate(times)
    all_marks = np.concatenate(marks, axis=2)
    weights = np.ones(len(frames))
    return OksPart(
        tuple(
            Scored(all_scores, all_marks[a], all_times, positives[a], weights)
            for a in range(len(AREAS))
        ),
        crowd,
    )


def _posed(people: People) -> People:
    """Those who have at least one joint."""
    if people.keypoints is None:
        return people[np.zeros(0, np.int64)]
    return people[np.any(np.isfinite(people.keypoints).all(axis=2), axis=1)]


def _match_frame(
    truth: Annotations, people: People, config: OksConfig
) -> tuple[NDArray[np.int8], Floats]:
    """Marks (A, K, P) of predictions, best first, and truth instances (A,) of one frame."""
    has = true_joints(truth, config.joints)
    size = _truth_areas(truth, config)
    similarity = oks_matrix(truth, people, has, size)
    marks = np.zeros((len(AREAS), len(THRESHOLDS), len(people)), np.int8)
    positives = np.zeros(len(AREAS))
    extent = _pose_areas(people)
    for a, (low, high) in enumerate(AREAS.values()):
        ignored = truth.ignore | ~has.any(axis=1) | (size < low) | (size > high)
        positives[a] = (~ignored).sum()
        outside = (extent < low) | (extent > high)
        for k, threshold in enumerate(THRESHOLDS):
            matched = greedy(similarity, threshold, ignored, truth.ignore)
            found = matched >= 0
            left_out = np.where(found, np.append(ignored, False)[matched], outside)
            marks[a, k] = np.where(left_out, -1, found)
    return marks, positives


def _truth_areas(truth: Annotations, config: OksConfig) -> Floats:
    boxes = area(decimals(truth.boxes)) * config.area_factor
    if truth.areas is None:
        return boxes
    stated = truth.areas.astype(np.float64)
    return np.where(np.isfinite(stated), stated, boxes)


def _pose_areas(people: People) -> Floats:
    """Area (P,) of the box around each predicted pose."""
    if people.keypoints is None or not len(people):
        return np.zeros(len(people))
    points = decimals(people.keypoints)
    side = np.nanmax(points, axis=1) - np.nanmin(points, axis=1)
    extent: Floats = side[:, 0] * side[:, 1]
    return extent


def oks_matrix(truth: Annotations, people: People, has: BoolArray, size: Floats) -> Floats:
    """OKS (P, G) of predictions with true persons.

    Only joints that the truth has count; one missing in the prediction adds 0. A true person
    without joints is compared by the distance outside its doubled box, as COCO does.
    """
    if not len(people) or not len(truth) or people.keypoints is None:
        return np.zeros((len(people), len(truth)))
    points = decimals(people.keypoints)[:, None]
    true_points = np.zeros((len(truth), len(OKS_SIGMAS), 2))
    if truth.keypoints is not None:
        true_points = decimals(truth.keypoints)
    offset = points - np.where(has[..., None], true_points, 0.0)[None]
    boxes = decimals(truth.boxes)
    side = boxes[:, 2:] - boxes[:, :2]
    low, high = (boxes[:, :2] - side)[None, :, None], (boxes[:, :2] + 2 * side)[None, :, None]
    beyond = np.maximum(low - points, 0) + np.maximum(points - high, 0)
    has_any: BoolArray = np.any(has, axis=1)
    apart = np.where(has_any[None, :, None, None], offset, beyond)
    variance = (2 * OKS_SIGMAS) ** 2
    error = (apart**2).sum(axis=-1) / variance / (size + np.spacing(1))[None, :, None] / 2
    near = np.where(np.isfinite(error), np.exp(-error), 0.0)
    counts = has | ~has_any[:, None]
    mean: Floats = (near * counts[None]).sum(axis=-1) / counts.sum(axis=1)[None]
    return mean


def greedy(
    similarity: Floats, threshold: float, ignored: BoolArray, crowd: BoolArray
) -> NDArray[np.int64]:
    """COCO's matching: the truth row (P,) of each prediction, best first, or -1.

    A prediction takes the free truth it is most similar to, one that counts before an ``ignored``
    one; a ``crowd`` can be taken many times; of equals the last is taken, counting ones first.
    """
    matched = np.full(len(similarity), -1, np.int64)
    order = np.argsort(ignored, kind="stable")
    free = np.ones(len(order), bool)
    least = min(threshold, 1 - 1e-10)
    for p in np.flatnonzero((similarity >= least).any(axis=1)):
        open_ = order[free[order] & (similarity[p, order] >= least)]
        counting = open_[~ignored[open_]]
        choice = counting if len(counting) else open_
        if len(choice):
            best = choice[::-1][similarity[p, choice[::-1]].argmax()]
            matched[p] = best
            free[best] = crowd[best]
    return matched


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
