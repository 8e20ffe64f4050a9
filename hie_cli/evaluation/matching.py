"""What truth and prediction of one frame have to do with each other, shared by all metrics.

Boxes: which rows count, and their overlaps. Poses: distances between joints in units of the
person's size, and PoseTrack's assignment of predicted to true poses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import VISIBLE, Annotations, TruthSequence
from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.core.errors import ConfigError, input_error
from hie_cli.core.geometry import Floats, area, iou, known
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import BoolArray, FramePeople, People

Ignore = Literal["drop", "match"]
Joints = Literal["visible", "annotated"]
Compat = Literal["none", "poseval"]
# Predicted poses on a true person none of whose joints is annotated: left out, or false positives.
Unposed = Literal["ignore", "wrong"]

# Comparisons with a threshold allow for one rounding error, as TrackEval does.
EPS = float(np.finfo(np.float64).eps)
# PoseTrack's reference length is this part of the box's diagonal.
SIZE_OF_DIAGONAL = 0.6
# Joints further apart than this many reference lengths have nothing to do with each other.
REACH = 1.0


def decimals(values: Floats) -> NDArray[np.float64]:
    """Numbers, of any shape, that stand for decimals as the float64 nearest to those decimals.

    float64, as files are read: shifting a coordinate or adding a width leaves an error in the last
    bits, so a number within 1e-9 of one with 6 decimals becomes that. float32, as stages compute:
    what is the float32 of a number with 3 decimals becomes that. All others stay as they are, NaN
    stays NaN. Thresholds at exact overlaps would otherwise be missed by a hair.
    """
    given = np.asarray(values)
    plain = given.astype(np.float64)
    if given.dtype == np.float32:
        short = np.round(plain, 3)
        return np.where(short.astype(np.float32) == given, short, plain)
    short = np.round(plain, 6)
    return np.where(np.abs(short - plain) <= 1e-9, short, plain)


def aligned(
    truth: TruthSequence, people: Sequence[FramePeople]
) -> list[tuple[Annotations, People]]:
    """Truth and predictions of every frame of a sequence; a frame without a line has nobody.

    Raises InputError where predictions name a frame twice or one that the truth does not have.
    """
    found: dict[int, People] = {}
    for entry in people:
        place = f"frame {entry.index}"
        if entry.index in found:
            raise input_error(truth.name, place, "predicted twice; give each frame once")
        if entry.index >= len(truth.frames) and not len(entry.people):
            continue  # a frame that is named, with nobody in it
        if not 0 <= entry.index < len(truth.frames):
            last = len(truth.frames) - 1
            raise input_error(truth.name, place, f"predicted, but the truth has frames 0..{last}")
        found[entry.index] = entry.people
    nobody = People.empty()
    return [(frame, found.get(index, nobody)) for index, frame in enumerate(truth.frames)]


def counted(truth: Annotations, people: People, ignore: Ignore) -> tuple[BoolArray, BoolArray]:
    """Which rows of the truth (G,) and of the predictions (P,) count in one frame.

    Ignored truth never counts. Predictions are first paired with all truth boxes, best total IoU,
    each pair >= 0.5; those paired with a distractor (MOT16, 17 and 20) are removed, and with
    ``match`` those paired with any ignored box too; ``drop`` leaves these alone (MOTChallenge
    2015). A frame that was not annotated counts nowhere.
    """
    if not truth.annotated:
        return np.zeros(len(truth), np.bool_), np.zeros(len(people), np.bool_)
    predicted = np.ones(len(people), np.bool_)
    absorbing = truth.ignore if ignore == "match" else np.zeros(len(truth), np.bool_)
    if truth.distractor is not None:
        absorbing = absorbing | truth.distractor
    if absorbing.any() and len(people):
        overlap = iou(decimals(truth.boxes), decimals(people.boxes))
        overlap[overlap < 0.5 - EPS] = 0
        rows, columns = linear_sum_assignment(-overlap)
        removed = absorbing[rows] & (overlap[rows, columns] > EPS)
        predicted[columns[removed]] = False
    return ~truth.ignore, predicted


@dataclass(frozen=True)
class PoseFrame:
    """The poses of one frame that count: G true and P predicted ones, those with no joint left out.

    distances (P, G, 14) float64: between joints, in units of 0.6 x diagonal of the true person's
    head box where there is one, else of its box; inf beyond ``REACH`` and where either joint is
    missing. has_truth (G, 14), has_predicted (P, 14) bool: joints that count. truth_rows (G,),
    predicted_rows (P,) int64: rows of the Annotations and People they came from.
    """

    distances: NDArray[np.float64]
    has_truth: BoolArray
    has_predicted: BoolArray
    truth_rows: NDArray[np.int64]
    predicted_rows: NDArray[np.int64]


def pose_frame(
    truth: Annotations,
    people: People,
    joints: Joints = "visible",
    ignore: Ignore = "drop",
    unposed: Unposed = "wrong",
) -> PoseFrame:
    """Truth and prediction of one frame, ready to be matched.

    Joints inside an ignore region count on neither side (as in PoseTrack); ``joints`` chooses
    whether true joints that are annotated as invisible count; ``ignore`` as in :func:`counted`;
    ``unposed`` whether poses on people without annotated joints count.
    """
    keep_truth, keep_predicted = counted(truth, people, ignore)
    if unposed == "ignore":
        keep_predicted = keep_predicted & ~on_unposed(truth, people)
    has_truth = true_joints(truth, joints) & keep_truth[:, None]
    has_predicted = predicted_joints(truth, people) & keep_predicted[:, None]
    truth_rows = np.flatnonzero(has_truth.any(axis=1))
    predicted_rows = np.flatnonzero(has_predicted.any(axis=1))
    has_truth, has_predicted = has_truth[truth_rows], has_predicted[predicted_rows]
    distances = np.full((len(predicted_rows), len(truth_rows), NUM_JOINTS), np.inf)
    if truth.keypoints is not None and people.keypoints is not None and distances.size:
        true_points = decimals(truth.keypoints[truth_rows])
        true_points[~has_truth] = np.nan
        points = decimals(people.keypoints[predicted_rows])
        points[~has_predicted] = np.nan
        size = person_sizes(truth)[truth_rows]
        row, true = _within_reach(points, true_points, size)
        offset = points[row] - true_points[true]
        apart = np.sqrt(offset[..., 0] ** 2 + offset[..., 1] ** 2) / size[true, None]
        distances[row, true] = np.where(apart <= REACH, apart, np.inf)
    return PoseFrame(distances, has_truth, has_predicted, truth_rows, predicted_rows)


def on_unposed(truth: Annotations, people: People) -> BoolArray:
    """Predictions (P,) that lie on a true person none of whose joints is annotated.

    Boxes are paired one to one, best total IoU, each pair >= 0.5; a prediction without a box is
    where its joints are.
    """
    lying = np.zeros(len(people), np.bool_)
    bare = ~true_joints(truth, "annotated").any(axis=1) & ~truth.ignore
    if people.keypoints is None or not bare.any() or not len(people):
        return lying
    boxes = decimals(people.boxes)
    empty = area(boxes) == 0
    points = decimals(people.keypoints)[empty]
    low, high = np.fmin.reduce(points, axis=1), np.fmax.reduce(points, axis=1)
    boxes[empty] = np.nan_to_num(np.concatenate([low, high], axis=1))
    overlap = iou(decimals(truth.boxes), boxes)
    overlap[overlap < 0.5 - EPS] = 0
    rows, columns = linear_sum_assignment(-overlap)
    lying[columns[bare[rows] & (overlap[rows, columns] > 0)]] = True
    return lying


def _within_reach(
    points: NDArray[np.float64], true_points: NDArray[np.float64], size: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (row, true) of poses whose extents come as near as ``REACH``: few are."""
    reach = REACH * size[:, None]
    low, high = np.fmin.reduce(points, axis=1), np.fmax.reduce(points, axis=1)
    true_low = np.fmin.reduce(true_points, axis=1) - reach
    true_high = np.fmax.reduce(true_points, axis=1) + reach
    near = np.ones((len(points), len(size)), np.bool_)
    for axis in (0, 1):
        near &= (low[:, None, axis] <= true_high[:, axis]) & (
            high[:, None, axis] >= true_low[:, axis]
        )
    row, true = np.divmod(np.flatnonzero(near), len(size))
    return row, true


def match_poses(frame: PoseFrame, alpha: float) -> NDArray[np.int64]:
    """PoseTrack's assignment: for every predicted pose (P,) its true pose 0..G-1, or -1.

    A joint is right within ``alpha``. Each prediction stands for the true pose with the largest
    share of right joints; each true pose takes the best prediction that stands for it; a share of
    0 assigns nothing. Ties go to the lower row. Raises ConfigError for ``alpha`` above ``REACH``.
    """
    if alpha > REACH:
        raise ConfigError(f"alpha {alpha:g}: distances are measured up to {REACH:g} person sizes")
    assigned = np.full(len(frame.has_predicted), -1, np.int64)
    if frame.distances.size == 0:
        return assigned
    right = np.count_nonzero(frame.distances <= alpha, axis=2)
    share = right / frame.has_truth.sum(axis=1)
    best = share.argmax(axis=1)
    rows = np.arange(len(best))
    standing = np.zeros_like(share)
    standing[rows, best] = share[rows, best]
    takes = standing.argmax(axis=0)
    taken = np.flatnonzero(standing.max(axis=0) > 0)
    assigned[takes[taken]] = taken
    return assigned


def true_joints(truth: Annotations, joints: Joints) -> BoolArray:
    """Joints (N, 14) of the truth that count: visible (or annotated), outside ignore regions."""
    if truth.keypoints is None:
        return np.zeros((len(truth), NUM_JOINTS), np.bool_)
    has: BoolArray = known(truth.keypoints)
    if truth.visibility is not None:
        has &= truth.visibility == VISIBLE if joints == "visible" else truth.visibility >= 0
    return _outside(has, truth, truth.keypoints)


def predicted_joints(truth: Annotations, people: People) -> BoolArray:
    """Joints (N, 14) of the predictions that count: there, and outside ignore regions."""
    if people.keypoints is None:
        return np.zeros((len(people), NUM_JOINTS), np.bool_)
    has: BoolArray = known(people.keypoints)
    return _outside(has, truth, people.keypoints)


def person_sizes(truth: Annotations) -> NDArray[np.float64]:
    """Reference length (N,) of each true person in px; NaN for an empty box (nothing is near)."""
    boxes = decimals(truth.boxes)
    if truth.head_boxes is not None:
        heads = decimals(truth.head_boxes)
        boxes = np.where(np.isfinite(heads).all(axis=1, keepdims=True), heads, boxes)
    size = SIZE_OF_DIAGONAL * np.sqrt(((boxes[:, 2:] - boxes[:, :2]) ** 2).sum(axis=1))
    return np.where(size > 0, size, np.nan)


def _outside(has: BoolArray, truth: Annotations, points: Floats) -> BoolArray:
    """``has`` (N, 14) without those ``points`` (N, 14, 2) that lie in an ignore region."""
    for polygon in truth.ignore_regions:
        has = has & ~inside_polygon(polygon, points.reshape(-1, 2)).reshape(has.shape)
    return has


def inside_polygon(polygon: Floats, points: Floats) -> BoolArray:
    """Whether points (N, 2) lie inside a polygon (K, 2), by counting the edges to their right."""
    a = np.asarray(polygon, np.float64)
    b = np.roll(a, -1, axis=0)
    x, y = np.asarray(points, np.float64).T[:, :, None]
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    rise = np.where(crosses, b[:, 1] - a[:, 1], 1)
    edge_x = a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / rise
    odd: BoolArray = (crosses & (x < edge_x)).sum(axis=1) % 2 == 1
    return odd
