"""Pose HOTA: the tracking metrics with the similarity of poses in place of the overlap of boxes."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.geometry import area, keypoint_similarity
from hie_cli.core.types import FramePeople, IntArray
from hie_cli.evaluation.matching import (
    Ignore,
    Joints,
    PoseFrame,
    Unposed,
    aligned,
    decimals,
    person_sizes,
    pose_frame,
)
from hie_cli.evaluation.metrics import box_tracking
from hie_cli.evaluation.metrics.box_tracking import TrackSums
from hie_cli.evaluation.sequence_pairs import matrix_pairs, track_ids


def accumulate(
    truth: TruthSequence,
    people: Sequence[FramePeople],
    joints: Joints = "visible",
    ignore: Ignore = "drop",
    unposed: Unposed = "wrong",
) -> TrackSums:
    """HOTA, and beside it CLEAR and Identity at 0.5, of one sequence by :func:`pose_similarity`.

    Raises InputError where predictions lack track ids or repeat one in a frame.
    """

    def frames() -> Iterator[tuple[int, IntArray, IntArray, NDArray[np.float64]]]:
        for index, (true, found) in enumerate(aligned(truth, people)):
            if true.annotated:
                ids = track_ids(truth.name, index, found)
                pose = pose_frame(true, found, joints, ignore, unposed)
                true_ids = true.track_ids[pose.truth_rows]
                yield index, true_ids, ids[pose.predicted_rows], pose_similarity(true, pose)

    return box_tracking.of_pairs(matrix_pairs(truth.name, frames()))


def pose_similarity(truth: Annotations, pose: PoseFrame) -> NDArray[np.float64]:
    """Object keypoint similarity (G, P) of true and predicted poses.

    COCO's form with the 14 sigmas and the person's box as its area: the mean over the true
    person's joints of exp(-d^2 / (2 area (2 sigma)^2)). A joint that is not predicted adds 0, so
    that leaving out difficult joints does not pay. Joints further apart than ``REACH``
    add 0 as well.
    """
    similarity = np.zeros(pose.distances.shape[1::-1])
    row, true = np.nonzero(np.isfinite(pose.distances).any(axis=2))
    size = person_sizes(truth)[pose.truth_rows]
    extent = np.maximum(area(decimals(truth.boxes))[pose.truth_rows], 1)
    squared = (pose.distances[row, true] * size[true, None]) ** 2
    value = keypoint_similarity(squared, extent[true]).sum(axis=1)
    similarity[true, row] = value / pose.has_truth.sum(axis=1)[true]
    return similarity
