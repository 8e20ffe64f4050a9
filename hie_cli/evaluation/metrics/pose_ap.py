"""Track 2: average precision of joints, PoseTrack's (poseval's) protocol on the 14 HiEve joints.

Per frame and threshold alpha each predicted pose is assigned to at most one true pose (see
``matching.match_poses``); a predicted joint is a true positive if it lies within alpha x the
person's reference length of the assigned person's joint, and a false one otherwise; joints are
ranked by their own scores over all frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import Annotations
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import People
from hie_cli.evaluation.crowd_weights import PoseWeights, crowd_indices, pose_weights
from hie_cli.evaluation.matching import (
    REACH,
    Compat,
    Ignore,
    Joints,
    PoseFrame,
    Unposed,
    match_poses,
    pose_frame,
)
from hie_cli.evaluation.metrics.ranking import (
    Floats,
    Ranking,
    Scored,
    Ties,
    average_precision,
    curve,
    interpolated,
    mean_present,
    ranking,
    total_recall,
)


@dataclass(frozen=True)
class PoseApConfig:
    """``unseen``: what becomes of a predicted joint whose true joint, on the assigned person, does
    not count (invisible, not annotated): ``wrong`` = false positive, as in poseval; ``ignore`` =
    left out. ``equal_poses``: large alphas put all joints of several poses within reach. Of those
    that fit equally well ``nearest`` assigns the pose with the smallest mean distance, which is
    perfect where the result is, and independent of the order of persons; poseval assigns the first
    ``row``, so that even a perfect result can score below 1 in a crowd. ``ties``: see
    ``ranking.Ties``.
    """

    alphas: tuple[float, ...] = (0.5, 0.75, 0.9)
    joints: Joints = "visible"
    unseen: Literal["wrong", "ignore"] = "wrong"
    equal_poses: Literal["nearest", "row"] = "nearest"
    ties: Ties = "grouped"
    weights: PoseWeights = field(default_factory=PoseWeights)

    def __post_init__(self) -> None:
        if not self.alphas or min(self.alphas) <= 0 or max(self.alphas) > REACH:
            raise ValueError(f"pose.alphas: expected one or more numbers in 0..{REACH:g}")


@dataclass(frozen=True)
class PosePart:
    """What one sequence contributes: a ``Scored`` per joint, hits (K, N) over the alphas."""

    joints: tuple[Scored, ...]


def collect_poses(
    frames: Sequence[tuple[Annotations, People]],
    config: PoseApConfig,
    compat: Compat = "none",
    ignore: Ignore = "drop",
    crowd: Floats | None = None,
    unposed: Unposed = "wrong",
) -> PosePart:
    """Match every frame of a sequence, given as (truth, predictions) frame by frame.

    ``ignore`` and ``unposed`` as in ``matching.pose_frame``; ``crowd`` (T,): its
    ``crowd_weights.crowd_indices``, if known. ``compat="poseval"`` drops the frames in which nobody
    is annotated, with their false positives, and takes the first row of equally fitting poses.
    """
    if compat == "poseval":
        config = replace(config, equal_poses="row")
    truths = [truth for truth, _ in frames]
    crowd = crowd_indices(truths) if crowd is None else crowd
    weights = pose_weights(truths, crowd, config.weights)
    positives = np.zeros((NUM_JOINTS, len(frames)))
    scores, marks, joints, times = [], [], [], []
    for t, (truth, people) in enumerate(frames):
        if not truth.annotated or (compat == "poseval" and len(truth) == 0):
            continue
        found = people[_best_first(people)] if config.equal_poses == "nearest" else people
        frame = pose_frame(truth, found, config.joints, ignore, unposed)
        positives[:, t] = frame.has_truth.sum(axis=0)
        rows, columns = np.nonzero(frame.has_predicted)
        if len(rows) and found.keypoint_scores is not None:
            scores.append(found.keypoint_scores[frame.predicted_rows[rows], columns])
            marks.append(_marks(frame, config)[:, rows, columns])
            joints.append(columns)
            times.append(np.full(len(rows), t, np.int32))
    joint = np.concatenate([np.zeros(0, np.int64), *joints])
    all_scores = np.concatenate([np.zeros(0), *scores])
    all_marks = np.concatenate([np.zeros((len(config.alphas), 0), np.int8), *marks], axis=1)
    all_times = np.concatenate([np.zeros(0, np.int32), *times]).astype(np.int32)
    return PosePart(
        tuple(
            Scored(
                all_scores[joint == j],
                all_marks[:, joint == j],
                all_times[joint == j],
                positives[j],
                weights,
            )
            for j in range(NUM_JOINTS)
        )
    )


def _best_first(people: People) -> NDArray[np.int64]:
    """Persons by falling score, then by falling sum of their joints' scores."""
    if people.keypoint_scores is None:
        return np.argsort(-people.scores, kind="stable")
    joint_score = people.keypoint_scores.astype(np.float64).sum(axis=1)
    return np.lexsort((-joint_score, -people.scores))


def _marks(frame: PoseFrame, config: PoseApConfig) -> NDArray[np.int8]:
    """Predicted joints (K, P, 14) that are true (1), false (0) or left out (-1) at each alpha."""
    marks = np.zeros((len(config.alphas), *frame.has_predicted.shape), np.int8)
    for k, alpha in enumerate(config.alphas):
        match = match_poses if config.equal_poses == "row" else match_nearest
        assigned = match(frame, alpha)
        known = np.flatnonzero(assigned >= 0)
        marks[k, known] = frame.distances[known, assigned[known]] <= alpha
        if config.unseen == "ignore":
            marks[k, known] -= ~frame.has_truth[assigned[known]]
    return marks


def match_nearest(frame: PoseFrame, alpha: float) -> NDArray[np.int64]:
    """``matching.match_poses`` with ties going to the smallest mean distance, joints beyond
    ``alpha`` counting ``alpha``.
    """
    assigned = np.full(len(frame.has_predicted), -1, np.int64)
    if frame.distances.size == 0:
        return assigned
    count = frame.has_truth.sum(axis=1)
    share = np.count_nonzero(frame.distances <= alpha, axis=2) / count
    apart = np.full(share.shape, np.inf)
    row, true = np.nonzero(share)
    joints = np.where(frame.has_truth[true], np.minimum(frame.distances[row, true], alpha), 0)
    apart[row, true] = joints.sum(axis=1) / count[true]
    rows = np.arange(len(share))
    best = np.where(share == share.max(axis=1, keepdims=True), apart, np.inf).argmin(axis=1)
    standing = np.zeros_like(share)
    standing[rows, best] = share[rows, best]
    most = standing.max(axis=0)
    takes = np.where((standing == most) & (standing > 0), apart, np.inf).argmin(axis=0)
    taken = np.flatnonzero(most > 0)
    assigned[takes[taken]] = taken
    return assigned


@dataclass(frozen=True)
class PoseAp:
    """AP (K, 14) per alpha and joint, its frame-weighted twin, precision and recall of all
    predictions (K, 14); fractions, NaN for a joint without truth.
    """

    ap: Floats
    weighted_ap: Floats
    precision: Floats
    recall: Floats


def pose_ap(parts: Sequence[PosePart], config: PoseApConfig, compat: Compat = "none") -> PoseAp:
    """Average precision over one or several sequences, pooled.

    ``compat="poseval"`` ranks ties as poseval does and gives a joint that is neither annotated nor
    predicted anywhere AP 0, which then counts in the mean; by default it has none.
    """
    ties: Ties = "last" if compat == "poseval" else config.ties
    shape = (len(config.alphas), NUM_JOINTS)
    ap, weighted, precision, recall = (np.full(shape, np.nan) for _ in range(4))
    for j in range(NUM_JOINTS):
        joint = [part.joints[j] for part in parts]
        if not joint:
            continue
        rank = ranking(joint)
        ap[:, j] = average_precision(rank, ties)
        weighted[:, j] = average_precision(ranking(joint, weighted=True), ties)
        precision[:, j], recall[:, j] = _total_precision(rank), total_recall(rank)
        if compat == "poseval" and len(rank.scores) == 0:
            ap[:, j] = 0
    return PoseAp(ap, weighted, precision, recall)


def _total_precision(rank: Ranking) -> Floats:
    """Share (K,) of all predictions that is right; NaN without predictions."""
    made = rank.made.sum(axis=1)
    share: Floats = np.full_like(made, np.nan)
    np.divide(rank.true.sum(axis=1), made, out=share, where=made > 0)
    return share


def mean_ap(ap: Floats) -> Floats:
    """Mean over joints (K,) of AP (K, 14), joints without truth left out."""
    mean: Floats = mean_present(ap, axis=1)
    return mean


def pose_curves(
    parts: Sequence[PosePart], config: PoseApConfig, points: int = 201
) -> tuple[Floats, Floats]:
    """Recall grid (points,) and mean precision over the joints (K, points), interpolated."""
    grid = np.linspace(0, 1, points)
    curves = []
    for j in range(NUM_JOINTS):
        rank = ranking([part.joints[j] for part in parts])
        if rank.positives > 0:
            recall, precision = curve(rank, config.ties)
            pairs = zip(recall, precision, strict=True)
            curves.append([interpolated(grid, r, p) for r, p in pairs])
    empty = np.full((1, len(config.alphas), points), np.nan)
    return grid, np.mean(curves or empty, axis=0)
