"""One sequence ready for the tracking metrics: ids numbered from 0 and every overlapping pair.

Computed once per sequence and shared by CLEAR, Identity and HOTA. Only pairs with a similarity
above 0 are kept, so that a sequence needs memory for its boxes and touching pairs, not for all
pairs.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.errors import input_error
from hie_cli.core.types import BoolArray, FloatArray, FramePeople, IntArray, People
from hie_cli.evaluation.matching import Ignore, aligned, counted
from hie_cli.evaluation.overlaps import Ints, Overlaps, box_overlaps, joined, starts


@dataclass(frozen=True)
class Pairs:
    """The truth and predictions of the F scored frames of one sequence.

    truth_ids (N,), predicted_ids (M,): identity of every box, numbered 0..num-1, frame by frame;
    truth_start, predicted_start (F+1,): where each frame begins in them. truth, predicted (K,):
    which boxes each pair joins (indices into N and M), similarity (K,) in 0..1 and > 0, ordered by
    frame, truth, prediction; pair_start (F+1,).
    """

    truth_ids: Ints
    predicted_ids: Ints
    truth_start: Ints
    predicted_start: Ints
    truth: Ints
    predicted: Ints
    similarity: NDArray[np.float64]
    pair_start: Ints
    num_truth_ids: int
    num_predicted_ids: int
    # Frames (N,) before each true box in which its track has an ignored box.
    ignored_before: Ints

    @property
    def num_frames(self) -> int:
        """Frames that are scored."""
        return len(self.truth_start) - 1

    def truth_frame(self) -> Ints:
        """The frame (N,) of every true box."""
        return np.repeat(np.arange(self.num_frames), np.diff(self.truth_start))

    def tracks(self) -> Ints:
        """The true boxes (N,) track by track, each in frame order."""
        # numpy sorts small integers in linear time.
        return np.argsort(
            self.truth_ids.astype(np.min_scalar_type(self.num_truth_ids)), kind="stable"
        )

    def both_sides(self) -> BoolArray:
        """Frames (F,) that have truth and predictions."""
        found: BoolArray = (np.diff(self.truth_start) > 0) & (np.diff(self.predicted_start) > 0)
        return found

    def pairs_of(self, frame: np.integer[Any]) -> slice:
        """Where the pairs of a frame are."""
        return slice(self.pair_start[frame], self.pair_start[frame + 1])

    def only(self, keep: BoolArray) -> "Pairs":
        """The same sequence with some of the pairs (K,)."""
        before = np.concatenate([[0], np.cumsum(keep)])
        return dataclasses.replace(
            self,
            truth=self.truth[keep],
            predicted=self.predicted[keep],
            similarity=self.similarity[keep],
            pair_start=before[self.pair_start],
        )


def box_pairs(
    truth: TruthSequence, people: Sequence[FramePeople], ignore: Ignore = "drop"
) -> Pairs:
    """Pairs of boxes by IoU. ``ignore`` as in :func:`matching.counted`.

    Raises InputError where a prediction has no track id, or an id occurs twice in a frame.
    """
    everybody: BoolArray | slice = slice(None)
    frames: list[int] = []
    true_ids: list[IntArray] = []
    ignored: list[IntArray] = []
    ids: list[IntArray] = []
    true_boxes: list[FloatArray] = []
    boxes: list[FloatArray] = []
    for frame, (annotations, found) in enumerate(aligned(truth, people)):
        if annotations.annotated:
            true_rows = rows = everybody
            if annotations.ignore.any():
                true_rows, rows = counted(annotations, found, ignore)
            frames.append(frame)
            true_ids.append(annotations.track_ids[true_rows])
            ignored.append(annotations.track_ids[annotations.ignore])
            ids.append(track_ids(truth.name, frame, found)[rows])
            true_boxes.append(annotations.boxes[true_rows])
            boxes.append(found.boxes[rows])
    pairs = _pairs(truth.name, frames, true_ids, ids, box_overlaps(true_boxes, boxes))
    if not any(len(i) for i in ignored):
        return pairs
    return dataclasses.replace(pairs, ignored_before=_before(true_ids, ignored))


def matrix_pairs(
    name: str, frames: Iterable[tuple[int, IntArray, IntArray, NDArray[np.float64]]]
) -> Pairs:
    """Pairs from any similarity of the sequence ``name``.

    One item per scored frame: (its index, true ids (G,), predicted ids (P,), matrix (G, P)).
    Raises InputError as :func:`box_pairs`.
    """
    indices: list[int] = []
    true_ids: list[IntArray] = []
    ids: list[IntArray] = []
    found: list[Overlaps] = []
    for index, true, predicted, similarity in frames:
        rows, columns = np.nonzero(similarity > 0)
        frame = np.full(len(rows), len(ids))
        found.append(Overlaps(frame, rows, columns, similarity[rows, columns]))
        indices.append(index)
        true_ids.append(true)
        ids.append(predicted)
    return _pairs(name, indices, true_ids, ids, joined(found))


def track_ids(name: str, frame: int, people: People) -> IntArray:
    """The track ids of one frame's predictions; InputError where it has people without ids."""
    if people.track_ids is not None:
        return people.track_ids
    if len(people):
        raise input_error(name, f"frame {frame}", "people without track ids; run `hie track` first")
    return np.zeros(0, np.int64)


def check_ids(name: str, frame: int, ids: IntArray, side: str) -> None:
    """InputError where one of a frame's track ids is negative or occurs twice."""
    values, counts = np.unique(ids, return_counts=True)
    if len(values) and values[0] < 0:
        raise input_error(name, f"frame {frame}", f"a person of the {side} has no track id")
    if (counts > 1).any():
        problem = f"track id {values[counts > 1][0]} occurs twice in the {side}"
        raise input_error(name, f"frame {frame}", problem)


def _numbered(name: str, frames: list[int], ids: list[IntArray], side: str) -> tuple[Ints, int]:
    """Ids of all frames joined and renumbered 0..n-1, and n; InputError as in check_ids."""
    flat = np.concatenate([np.zeros(0, np.int64), *ids])
    values = np.unique(flat)
    index = np.searchsorted(values, flat)
    frame = np.repeat(np.arange(len(frames)), [len(i) for i in ids])
    key = np.sort(frame * len(values) + index, kind="stable")
    if (values < 0).any() or (np.diff(key) == 0).any():
        for place, here in zip(frames, ids, strict=True):
            check_ids(name, place, here, side)
    return index, len(values)


def _pairs(
    name: str,
    frames: list[int],
    true_ids: list[IntArray],
    ids: list[IntArray],
    found: Overlaps,
) -> Pairs:
    """Number the ids of the scored ``frames`` and point the pairs at their boxes."""
    true_start, start = starts(true_ids), starts(ids)
    true_index, num_true = _numbered(name, frames, true_ids, "truth")
    index, num = _numbered(name, frames, ids, "predictions")
    return Pairs(
        truth_ids=true_index,
        predicted_ids=index,
        truth_start=true_start,
        predicted_start=start,
        truth=true_start[found.frame] + found.row,
        predicted=start[found.frame] + found.column,
        similarity=found.similarity,
        pair_start=np.searchsorted(found.frame, np.arange(len(true_start))),
        num_truth_ids=num_true,
        num_predicted_ids=num,
        ignored_before=np.zeros(len(true_index), np.int64),
    )


def _before(ids: list[IntArray], ignored: list[IntArray]) -> Ints:
    """In how many earlier frames each of ``ids``, frame by frame and joined, is ``ignored``."""
    steps = len(ids)
    id_of, other = (np.concatenate([np.zeros(0, np.int64), *rows]) for rows in (ids, ignored))
    frame_of, other_frame = (
        np.repeat(np.arange(steps), [len(r) for r in x]) for x in (ids, ignored)
    )
    keys = np.unique(other * steps + other_frame)
    here = np.searchsorted(keys, id_of * steps + frame_of)
    count: Ints = here - np.searchsorted(keys, id_of * steps)
    return count
