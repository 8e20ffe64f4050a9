"""Track 4: frame mAP of person-level actions, by the AVA evaluator's protocol.

A detection of a class is a person's box with its score for that class, if that is above 0. Per
sampled frame and class, detections in falling order of score claim the truth box of that class they
overlap most; the first to reach the IoU threshold is a true positive, later ones are false. Average
precision is the area under the interpolated curve over all frames; mAP its mean over the classes
with truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.annotations import Annotations
from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.core.geometry import iou
from hie_cli.core.types import People
from hie_cli.evaluation.crowd_weights import ActionWeights, action_frame_weights, class_weights
from hie_cli.evaluation.matching import decimals
from hie_cli.evaluation.metrics.ranking import (
    Floats,
    Scored,
    Ties,
    average_precision,
    mean_present,
    ranking,
)

# Row and column of the confusion matrix for people found on one side only.
NOBODY = NUM_ACTIONS


@dataclass(frozen=True)
class ActionMapConfig:
    """Options of Track 4, for each of which nothing is published.

    ``frames``: those sampled every ``stride`` (see ``sampled_frames``), or ``all``, where every
    detection in a frame without truth is false. ``score``: the class score alone, or times the
    person's. ``duplicates``: a further detection of a truth box already claimed is ``wrong``, or
    takes the ``next`` free box it overlaps enough. ``max_rows``: only so many rows (person and
    class) of a frame count, best first; 0 = all; the AVA evaluator keeps 50. ``unlabelled``:
    detections on a person whose action is not labelled are left out (``ignore``) or ``wrong``.
    """

    ious: tuple[float, ...] = (0.5, 0.6, 0.75)
    frames: Literal["sampled", "all"] = "sampled"
    stride: int = 20
    score: Literal["action", "product"] = "action"
    duplicates: Literal["wrong", "next"] = "wrong"
    max_rows: int = 0
    unlabelled: Literal["ignore", "wrong"] = "ignore"
    ties: Ties = "grouped"
    weights: ActionWeights = field(default_factory=ActionWeights)

    def __post_init__(self) -> None:
        if not self.ious or not all(0 < value <= 1 for value in self.ious):
            raise ValueError("action.ious: expected numbers in 0..1")
        if self.stride < 1:
            raise ValueError("action.stride: expected 1 or more")


@dataclass(frozen=True)
class ActionPart:
    """What one sequence contributes: a ``Scored`` per class (marks over the IoUs), the confusion
    matrix (15, 15) of matched persons, true class by row, and whether poses gave the weights.
    """

    classes: tuple[Scored, ...]
    confusion: NDArray[np.int64]
    frames: int
    has_poses: bool


def sampled_frames(truth: Sequence[Annotations], stride: int) -> list[int]:
    """The frames that are scored: every ``stride``-th, with or without people.

    Truth that is itself a sample of another rhythm (it leaves frames unannotated, as AVA's does, or
    has no label on those frames) is scored wherever it has labels.
    """
    labelled = [t for t, frame in enumerate(truth) if _has_labels(frame)]
    grid = [t for t in range(0, len(truth), stride) if truth[t].annotated]
    on_grid = [t for t in labelled if t % stride == 0]
    dense = all(frame.annotated for frame in truth)
    return grid if len(on_grid) == len(labelled) or (on_grid and dense) else labelled


def _has_labels(frame: Annotations) -> bool:
    return frame.annotated and frame.actions is not None and bool((frame.actions >= 0).any())


def collect_actions(
    frames: Sequence[tuple[Annotations, People]], config: ActionMapConfig
) -> ActionPart:
    """Match the sampled frames of a sequence, given as (truth, predictions) frame by frame."""
    chosen = list(range(len(frames)))
    if config.frames == "sampled":
        chosen = sampled_frames([truth for truth, _ in frames], config.stride)
    truths = [frames[t][0] for t in chosen]
    has_poses = any(truth.keypoints is not None for truth in truths)
    weights = action_frame_weights(truths, config.weights, has_poses)
    positives = np.zeros((NUM_ACTIONS, len(chosen)))
    confusion = np.zeros((NUM_ACTIONS + 1, NUM_ACTIONS + 1), np.int64)
    rows: list[tuple[NDArray[np.int64], Floats, NDArray[np.int8], int]] = []
    for t, frame in enumerate(chosen):
        truth, people = frames[frame]
        actions = _labels(truth)
        positives[:, t] = np.bincount(actions[actions >= 0], minlength=NUM_ACTIONS)
        overlap = iou(decimals(people.boxes), decimals(truth.boxes))
        confusion += _confusion(overlap, actions, people, config)
        person, action, score = _rows(people, config)
        rows.append((action, score, _marks(overlap[person], action, actions, config), t))
    return ActionPart(
        _by_class(rows, positives, weights, config), confusion, len(chosen), has_poses
    )


def _labels(truth: Annotations) -> NDArray[np.int64]:
    """Class (G,) of each true person; -1 not labelled, -2 ignored."""
    actions = np.full(len(truth), -1) if truth.actions is None else truth.actions
    return np.where(truth.ignore, -2, actions).astype(np.int64)


def _rows(
    people: People, config: ActionMapConfig
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Person, class and score (N,) of every detection of a frame, best first."""
    if people.action_scores is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    scores = people.action_scores.astype(np.float64)
    if config.score == "product":
        scores = scores * people.scores.astype(np.float64)[:, None]
    person, action = np.nonzero(np.nan_to_num(scores) > 0)
    score = scores[person, action]
    order = np.argsort(-score, kind="stable")
    if config.max_rows:
        order = order[: config.max_rows]
    return person[order], action[order], score[order]


def _marks(
    overlap: Floats, action: NDArray[np.int64], labels: NDArray[np.int64], config: ActionMapConfig
) -> NDArray[np.int8]:
    """True (1), false (0) or left out (-1): rows (K, N) of a frame, best first.

    overlap (N, G) of each row's box with the truth; action (N,); labels (G,) as in ``_labels``.
    """
    marks = np.zeros((len(config.ious), len(action)), np.int8)
    passive = (labels == -2) | ((labels == -1) & (config.unlabelled == "ignore"))
    for k, threshold in enumerate(config.ious):
        claimed = np.zeros(len(labels), bool)
        for n in np.flatnonzero((overlap >= threshold).any(axis=1)):
            candidates = np.where((labels == action[n]) | passive, overlap[n], -1.0)
            if config.duplicates == "next":
                candidates[claimed] = -1.0
            best = int(candidates.argmax())
            if candidates[best] < threshold:
                continue
            if passive[best]:
                marks[k, n] = -1
            elif not claimed[best]:
                marks[k, n] = 1
                claimed[best] = True
    return marks


def _confusion(
    overlap: Floats, labels: NDArray[np.int64], people: People, config: ActionMapConfig
) -> NDArray[np.int64]:
    """One frame's matrix (15, 15): persons paired at the lowest IoU, best total overlap."""
    matrix = np.zeros((NUM_ACTIONS + 1, NUM_ACTIONS + 1), np.int64)
    if people.action_scores is None:
        return matrix
    scores = np.nan_to_num(people.action_scores)
    known, said = np.any(scores > 0, axis=1), scores.argmax(axis=1)
    near = np.where(overlap >= min(config.ious), overlap, 0.0)
    person, truth = linear_sum_assignment(-near)
    paired = near[person, truth] > 0
    true_class = np.full(len(people), NOBODY)
    true_class[person[paired]] = labels[truth[paired]]
    missed = np.ones(len(labels), bool)
    missed[truth[paired & known[person]]] = False
    counts = known & (true_class >= 0)
    np.add.at(matrix, (true_class[counts], said[counts]), 1)
    matrix[:NOBODY, NOBODY] += np.bincount(labels[missed & (labels >= 0)], minlength=NOBODY)
    return matrix


def _by_class(
    rows: Sequence[tuple[NDArray[np.int64], Floats, NDArray[np.int8], int]],
    positives: Floats,
    weights: Floats,
    config: ActionMapConfig,
) -> tuple[Scored, ...]:
    """Sort all rows of a sequence, (class, score, marks, frame) per frame, by class."""
    action = np.concatenate([np.zeros(0, np.int64), *(r[0] for r in rows)])
    scores = np.concatenate([np.zeros(0), *(r[1] for r in rows)])
    marks = np.concatenate([np.zeros((len(config.ious), 0), np.int8), *(r[2] for r in rows)], 1)
    times = np.repeat([r[3] for r in rows], [len(r[0]) for r in rows]).astype(np.int32)
    return tuple(
        Scored(scores[of], marks[:, of], times[of], positives[c], weights)
        for c, of in enumerate(action == np.arange(NUM_ACTIONS)[:, None])
    )


@dataclass(frozen=True)
class ActionMap:
    """AP (K, 14) per IoU and class and its frame-weighted twin, NaN for a class without truth;
    mAP (K,) and wf_mAP (K,) over the classes; instances (14,) of truth.
    """

    ap: Floats
    weighted_ap: Floats
    mean: Floats
    weighted_mean: Floats
    instances: Floats


def action_map(parts: Sequence[ActionPart], config: ActionMapConfig) -> ActionMap:
    """Frame mAP over one or several sequences, pooled.

    wf_mAP = sum_c w_c AP_w,c / sum_c w_c, where AP_w,c counts every true and false positive and
    every truth instance with its frame's weight.
    """
    by_class = [[part.classes[c] for part in parts] for c in range(NUM_ACTIONS)]
    ap = np.stack([average_precision(ranking(c), config.ties) for c in by_class], axis=1)
    weighted = np.stack([average_precision(ranking(c, True), config.ties) for c in by_class], 1)
    instances = np.array([sum(part.total for part in c) for c in by_class], np.float64)
    return ActionMap(
        ap,
        weighted,
        mean_present(ap, axis=1),
        weighted_mean(weighted, class_weights(instances, config.weights)),
        instances,
    )


def weighted_mean(ap: Floats, weights: Floats) -> Floats:
    """Mean (K,) of AP (K, C) by class weight, classes without truth left out."""
    known = np.isfinite(ap)
    total = (known * weights).sum(axis=1)
    summed = (np.where(known, ap, 0) * weights).sum(axis=1)
    mean: Floats = np.divide(summed, total, out=np.full(len(ap), np.nan), where=total > 0)
    return mean
