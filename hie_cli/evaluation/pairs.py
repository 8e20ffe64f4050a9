"""One sequence ready for the tracking metrics: ids numbered from 0 and every overlapping pair.

Computed once per sequence and shared by CLEAR, Identity and HOTA. Only pairs with a similarity
above 0 are kept, so that a sequence needs memory for its boxes and touching pairs, not for all
pairs.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.errors import input_error
from hie_cli.evaluation.matching import Ignore, aligned, counted, decimals
from hie_cli.types import BoolArray, FloatArray, FramePeople, IntArray, People, TruthSequence

Ints = NDArray[np.int64]
# Pairs of boxes whose overlaps are computed at a time: small enough for the processor's cache.
_CHUNK_PAIRS = 1 << 16


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
    frames: list[int] = []
    true_ids: list[IntArray] = []
    ids: list[IntArray] = []
    true_boxes: list[FloatArray] = []
    boxes: list[FloatArray] = []
    for frame, (annotations, found) in enumerate(aligned(truth, people)):
        if annotations.annotated:
            true_rows, rows = counted(annotations, found, ignore)
            frames.append(frame)
            true_ids.append(annotations.track_ids[true_rows])
            ids.append(track_ids(truth.name, frame, found)[rows])
            true_boxes.append(annotations.boxes[true_rows])
            boxes.append(found.boxes[rows])
    overlaps = _overlaps(_joined(true_boxes), _joined(boxes), _starts(true_ids), _starts(ids))
    return _pairs(truth.name, frames, true_ids, ids, overlaps)


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
    found: list[_Chunk] = []
    for index, true, predicted, similarity in frames:
        rows, columns = np.nonzero(similarity > 0)
        found.append((np.full(len(rows), len(ids)), rows, columns, similarity[rows, columns]))
        indices.append(index)
        true_ids.append(true)
        ids.append(predicted)
    return _pairs(name, indices, true_ids, ids, found)


def track_ids(name: str, frame: int, people: People) -> IntArray:
    """The track ids of one frame's predictions; InputError where it has people without ids."""
    if people.track_ids is not None:
        return people.track_ids
    if len(people):
        raise input_error(name, f"frame {frame}", "people without track ids; run `hie track` first")
    return np.zeros(0, np.int64)


_Chunk = tuple[Ints, Ints, Ints, NDArray[np.float64]]


def _starts(ids: Iterable[IntArray]) -> Ints:
    """Where each frame begins in the concatenated ids."""
    return np.concatenate([[0], np.cumsum([len(i) for i in ids])]).astype(np.int64)


def _joined(boxes: list[FloatArray]) -> NDArray[np.float64]:
    """All frames' boxes (N, 4), with the decimals they were read from."""
    return decimals(np.concatenate([np.zeros((0, 4), np.float32), *boxes]))


def _numbered(name: str, frames: list[int], ids: list[IntArray], side: str) -> tuple[Ints, int]:
    """Ids of all boxes renumbered 0..n-1, and n; InputError for a bad or a repeated one."""
    flat = np.concatenate([np.zeros(0, np.int64), *ids])
    values = np.unique(flat)
    index = np.searchsorted(values, flat)
    frame = np.repeat(np.arange(len(frames)), [len(i) for i in ids])
    if len(values) and values[0] < 0:
        place = f"frame {frames[frame[flat < 0][0]]}"
        raise input_error(name, place, f"a box of the {side} has no track id")
    key = np.sort(frame * len(values) + index, kind="stable")
    repeated = key[1:][np.diff(key) == 0]
    if len(repeated):
        where, which = divmod(int(repeated[0]), len(values))
        place = f"frame {frames[where]}"
        raise input_error(name, place, f"track id {values[which]} occurs twice in the {side}")
    return index, len(values)


def _pairs(
    name: str,
    frames: list[int],
    true_ids: list[IntArray],
    ids: list[IntArray],
    found: Iterable[_Chunk],
) -> Pairs:
    """Number the ids and join the chunks of (frame, row, column, similarity) in frame order."""
    true_start, start = _starts(true_ids), _starts(ids)
    true_index, num_true = _numbered(name, frames, true_ids, "truth")
    index, num = _numbered(name, frames, ids, "predictions")
    none = np.zeros(0, np.int64)
    parts = [(none, none, none, np.zeros(0)), *found]
    frame, row, column, similarity = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Pairs(
        truth_ids=true_index,
        predicted_ids=index,
        truth_start=true_start,
        predicted_start=start,
        truth=true_start[frame] + row,
        predicted=start[frame] + column,
        similarity=similarity,
        pair_start=np.searchsorted(frame, np.arange(len(true_start))),
        num_truth_ids=num_true,
        num_predicted_ids=num,
    )


def _overlaps(
    true_boxes: NDArray[np.float64], boxes: NDArray[np.float64], true_start: Ints, start: Ints
) -> Iterator[_Chunk]:
    """IoU of all pairs within each frame, many frames at a time, padded to the fullest one."""
    most_true, most = int(np.diff(true_start).max(initial=1)), int(np.diff(start).max(initial=1))
    step = max(1, _CHUNK_PAIRS // max(1, most_true * most))
    for first in range(0, len(start) - 1, step):
        last = min(first + step, len(start) - 1)
        a = _padded(true_boxes, true_start[first : last + 1])[..., None]
        b = _padded(boxes, start[first : last + 1])[:, :, None]
        width = np.minimum(a[2], b[2]) - np.maximum(a[0], b[0])
        # Few pairs overlap in x: everything else is computed for those only.
        near = np.flatnonzero(width > 0)
        frame, row, column = np.unravel_index(near, width.shape)
        p, q = a[:, frame, row, 0], b[:, frame, 0, column]
        height = np.minimum(p[3], q[3]) - np.maximum(p[1], q[1])
        inter = width.ravel()[near] * np.maximum(height, 0)
        union = (p[2] - p[0]) * (p[3] - p[1]) + (q[2] - q[0]) * (q[3] - q[1]) - inter
        hit = inter > 0
        yield frame[hit] + first, row[hit], column[hit], inter[hit] / union[hit]


def _padded(boxes: NDArray[np.float64], start: Ints) -> NDArray[np.float64]:
    """Boxes of several frames as (4, F, most); missing ones are empty and overlap nothing."""
    counts = np.diff(start)
    padded = np.zeros((4, len(counts), int(counts.max(initial=0))))
    padded[:, np.arange(padded.shape[2]) < counts[:, None]] = boxes[start[0] : start[-1]].T
    return padded
