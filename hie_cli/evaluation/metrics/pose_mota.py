"""Track 3: pose MOTA and MOTP, joint by joint, in PoseTrack's protocol.

Andriluka et al., "PoseTrack: a benchmark for human pose estimation and tracking", 2018. Every joint
type is tracked as objects of its own: a predicted joint may match a true one within ``alpha`` of
the person's size; true joints first keep the track they were last matched to, then the rest is
assigned with the most matches at the smallest total distance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import FramePeople, IntArray
from hie_cli.evaluation.matching import (
    Compat,
    Ignore,
    Joints,
    PoseFrame,
    Unposed,
    aligned,
    pose_frame,
)
from hie_cli.evaluation.metrics.accumulators import Sums
from hie_cli.evaluation.overlaps import Ints
from hie_cli.evaluation.sequence_pairs import check_ids, track_ids

PerJoint = NDArray[np.float64]


@dataclass(frozen=True)
class PoseMotaSums(Sums):
    """Counts of one or more sequences, each (14,), per joint.

    objects, predictions: true and predicted joints; detections: matched ones; switches: matches
    with another track than the last one; distance: summed over matches, in sizes of the person.
    """

    objects: Ints
    predictions: Ints
    detections: Ints
    switches: Ints
    distance: PerJoint

    def mota(self) -> PerJoint:
        """1 - (misses + false positives + switches) / objects; NaN for a joint without truth."""
        errors = self.objects + self.predictions - 2 * self.detections + self.switches
        return 1 - _ratio(errors, self.objects)

    def motp(self, compat: Compat = "none") -> PerJoint:
        """1 - mean distance of the matches, 0 where a joint has none.

        A joint without truth is NaN, except for poseval, which lets it pull the mean to 0.
        """
        mean = 1 - np.nan_to_num(_ratio(self.distance, self.detections), nan=1.0)
        return mean if compat == "poseval" else np.where(self.objects > 0, mean, np.nan)

    def precision(self) -> PerJoint:
        """Matches / predictions; NaN for a joint that is never predicted."""
        return _ratio(self.detections, self.predictions)

    def recall(self) -> PerJoint:
        """Matches / objects; NaN for a joint without truth."""
        return _ratio(self.detections, self.objects)


def _ratio(part: NDArray[Any], whole: Ints) -> PerJoint:
    """``part / whole``, NaN where ``whole`` is 0."""
    result: PerJoint = np.full(NUM_JOINTS, np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def total(per_joint: PerJoint) -> float:
    """PoseTrack's total: the mean over the joints that have a figure; NaN if none has."""
    known = per_joint[~np.isnan(per_joint)]
    return float(known.mean()) if len(known) else float("nan")


def accumulate(
    truth: TruthSequence,
    people: Sequence[FramePeople],
    alpha: float = 0.5,
    joints: Joints = "visible",
    ignore: Ignore = "drop",
    compat: Compat = "none",
    unposed: Unposed = "wrong",
) -> PoseMotaSums:
    """Counts of one sequence; ``joints``, ``ignore`` and ``unposed`` as in ``matching.pose_frame``.

    ``compat="poseval"`` counts as poseval does: frames without annotated persons are dropped with
    their false positives, then the last frame left is dropped, and a frame where one side has no
    pose counts one object and one prediction per joint, whatever is there.
    Raises InputError where predictions lack track ids or repeat one in a frame.
    """
    frames = [
        (index, true, found)
        for index, (true, found) in enumerate(aligned(truth, people))
        if true.annotated
    ]
    if compat == "poseval":
        frames = [frame for frame in frames if len(frame[1])][:-1]
    true_ids = [true.track_ids for _, true, _ in frames]
    ids = [track_ids(truth.name, index, found) for index, _, found in frames]
    matcher = _Matcher(true_ids, ids, alpha)
    for (index, true, found), here in zip(frames, ids, strict=True):
        pose = pose_frame(true, found, joints, ignore, unposed)
        check_ids(truth.name, index, true.track_ids[pose.truth_rows], "truth")
        check_ids(truth.name, index, here[pose.predicted_rows], "predictions")
        if compat == "poseval" and not pose.distances.size:
            matcher.objects += 1
            matcher.predictions += 1
        else:
            matcher.update(pose, true.track_ids[pose.truth_rows], here[pose.predicted_rows])
    return PoseMotaSums(
        matcher.objects,
        matcher.predictions,
        matcher.detections,
        matcher.switches,
        matcher.distance,
    )


class _Matcher:
    """The counts so far, and the track that each true joint was last matched to."""

    def __init__(self, true_ids: list[IntArray], ids: list[IntArray], alpha: float) -> None:
        none = np.zeros(0, np.int64)
        self.true_values = np.unique(np.concatenate([none, *true_ids]))
        self.values = np.unique(np.concatenate([none, *ids]))
        self.alpha = alpha
        self.last = np.full((len(self.true_values), NUM_JOINTS), -1)
        # Row of each track in the current frame, or -1; the entry [-1] stands for no track.
        self.row_of = np.full(len(self.values) + 1, -1)
        counts = np.zeros((4, NUM_JOINTS), np.int64)
        self.objects, self.predictions, self.detections, self.switches = counts
        self.distance = np.zeros(NUM_JOINTS)

    def update(self, pose: PoseFrame, true_ids: IntArray, ids: IntArray) -> None:
        """Match the joints of the next frame; ids (G,) and (P,) of its poses."""
        self.objects += pose.has_truth.sum(axis=0)
        self.predictions += pose.has_predicted.sum(axis=0)
        near = pose.distances <= self.alpha
        true_index = np.searchsorted(self.true_values, true_ids)
        index = np.searchsorted(self.values, ids)

        self.row_of[index] = np.arange(len(index))
        old = self.row_of[self.last[true_index]]  # (G, 14) row of the last match, or -1
        self.row_of[index] = -1
        true, joint = np.nonzero(old >= 0)
        row = old[true, joint]
        kept = near[row, true, joint]
        row, true, joint = _first(row[kept], true[kept], joint[kept])
        self._count(pose, row, true, joint)

        free_truth, free = pose.has_truth.copy(), pose.has_predicted.copy()
        free_truth[true, joint] = False
        free[row, joint] = False
        row, true, joint = np.unravel_index(np.flatnonzero(near), near.shape)
        both_free = free[row, joint] & free_truth[true, joint]
        row, true, joint = _assign(
            pose.distances, row[both_free], true[both_free], joint[both_free]
        )
        self._count(pose, row, true, joint)
        switched = self.last[true_index[true], joint] >= 0
        self.switches += np.bincount(joint[switched], minlength=NUM_JOINTS)
        self.last[true_index[true], joint] = index[row]

    def _count(self, pose: PoseFrame, row: Ints, true: Ints, joint: Ints) -> None:
        self.detections += np.bincount(joint, minlength=NUM_JOINTS)
        self.distance += np.bincount(joint, pose.distances[row, true, joint], NUM_JOINTS)


_Matches = tuple[Ints, Ints, Ints]  # predicted row, true row, joint, each (K,)


def _first(row: Ints, true: Ints, joint: Ints) -> _Matches:
    """Where two true joints were last matched to the same track, the first one keeps it."""
    key = row * NUM_JOINTS + joint
    if len(key) == 0 or np.bincount(key).max() == 1:
        return row, true, joint
    first = np.unique(key, return_index=True)[1]
    return row[first], true[first], joint[first]


def _assign(distances: PerJoint, row: Ints, true: Ints, joint: Ints) -> _Matches:
    """The most matches that the candidates allow, at the smallest total distance."""
    object_, predicted = true * NUM_JOINTS + joint, row * NUM_JOINTS + joint
    clash = (np.bincount(object_)[object_] > 1) | (np.bincount(predicted)[predicted] > 1)
    keep = ~clash
    if clash.any():
        # All joints at once: candidates of different joints share no row and no column.
        rows, r = np.unique(predicted[clash], return_inverse=True)
        columns, c = np.unique(object_[clash], return_inverse=True)
        value = distances[row[clash], true[clash], joint[clash]]
        # Dearer than any set of real pairs, so that the most matches come first.
        cost = np.full((len(rows), len(columns)), 1 + 2 * len(value) * value.max())
        cost[r, c] = value
        taken = np.zeros(cost.shape, np.bool_)
        taken[linear_sum_assignment(cost)] = True
        keep[clash] = taken[r, c]
    return row[keep], true[keep], joint[keep]
