"""Detection: average precision as COCO computes it, recall, and the log-average miss rate.

AP: pycocotools' protocol (greedy by score, 10 IoU thresholds, 101 recall points). Miss rate: Dollár
et al., "Pedestrian detection: an evaluation of the state of the art", 2012.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.types import BoolArray, FloatArray, FramePeople
from hie_cli.evaluation.matching import aligned
from hie_cli.evaluation.overlaps import Ints, box_overlaps, starts

# ``drop``: ignored truth is not there. ``match``: it absorbs one detection, which then counts
# neither way. ``crowd``: it absorbs any number of detections it covers (COCO's iscrowd).
Ignored = Literal["drop", "match", "crowd"]

IOUS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
# Reference points of the miss rate: false positives per image.
FPPI = np.logspace(-2, 0, 9)
_ALMOST_ONE = 1 - 1e-10


@dataclass(frozen=True)
class DetectionSums:
    """Detections of one or more sequences, in frame order and best first within a frame.

    scores (D,); right, void (10, D): matched to a true box, or counted neither way, at each of
    ``IOUS``; num_truth: true boxes that count; frames: frames scored.
    """

    scores: NDArray[np.float64]
    right: BoolArray
    void: BoolArray
    num_truth: int
    frames: int

    def __add__(self, other: Self) -> Self:
        return type(self)(
            np.concatenate([self.scores, other.scores]),
            np.concatenate([self.right, other.right], axis=1),
            np.concatenate([self.void, other.void], axis=1),
            self.num_truth + other.num_truth,
            self.frames + other.frames,
        )

    def counts(self, iou: float = 0.5) -> tuple[Ints, Ints]:
        """True and false positives (D',) above each score, best first, at one of ``IOUS``."""
        level = int(np.flatnonzero(np.isclose(IOUS, iou))[0])
        order = np.argsort(-self.scores, kind="stable")
        order = order[~self.void[level, order]]
        right = self.right[level, order]
        return np.cumsum(right), np.cumsum(~right)

    def curve(self, iou: float = 0.5) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``RECALLS`` and the interpolated precision (101,) at each; NaN without truth."""
        if self.num_truth == 0:
            return RECALLS, np.full(len(RECALLS), np.nan)
        right, wrong = self.counts(iou)
        precision = right / (right + wrong)
        best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0)
        return RECALLS, best[np.searchsorted(right / self.num_truth, RECALLS)]

    def ap(self, iou: float | None = None) -> float:
        """Average precision at one IoU, or the mean over all ten; NaN without truth."""
        chosen = IOUS if iou is None else [iou]
        return float(np.mean([self.curve(threshold)[1].mean() for threshold in chosen]))

    def recall(self, iou: float | None = None) -> float:
        """Largest recall at one IoU, or the mean over all ten (COCO's AR); NaN without truth."""
        if self.num_truth == 0:
            return float("nan")
        chosen = IOUS if iou is None else [iou]
        found = [self.counts(threshold)[0].max(initial=0) for threshold in chosen]
        return float(np.mean(found) / self.num_truth)

    def miss_rate(self, iou: float = 0.5) -> float:
        """MR^-2: geometric mean of the miss rate at nine rates of false positives per frame.

        Lower is better. At each rate the last operating point that does not exceed it counts, or
        1 where even the best detection does; NaN without truth.
        """
        if self.num_truth == 0:
            return float("nan")
        right, wrong = self.counts(iou)
        missed = np.append(1 - right / self.num_truth, 1.0)  # [-1]: before the first detection
        last = np.searchsorted(wrong / max(1, self.frames), FPPI, side="right") - 1
        return float(np.exp(np.log(np.maximum(missed[last], 1e-10)).mean()))


def accumulate(
    truth: TruthSequence,
    people: Sequence[FramePeople],
    ignore: Ignored = "match",
    max_detections: int | None = 100,
) -> DetectionSums:
    """Match the detections of one sequence, at most ``max_detections`` best a frame (None = all).

    Frames that were not annotated do not count. Raises InputError where predictions name a frame
    that the truth does not have.
    """
    true_boxes: list[FloatArray] = []
    boxes: list[FloatArray] = []
    void, scores = [np.zeros(0, np.bool_)], [np.zeros(0)]
    for annotations, found in aligned(truth, people):
        if annotations.annotated:
            rows = np.argsort(annotations.ignore, kind="stable")  # COCO: those that count first
            rows = rows[~annotations.ignore[rows]] if ignore == "drop" else rows
            best = np.argsort(-found.scores, kind="stable")[:max_detections]
            true_boxes.append(annotations.boxes[rows])
            boxes.append(found.boxes[best])
            void.append(annotations.ignore[rows])
            scores.append(found.scores[best].astype(np.float64))
    ignored = np.concatenate(void)
    crowd = ignored if ignore == "crowd" else np.zeros_like(ignored)
    overlaps = box_overlaps(true_boxes, boxes, crowd)
    keep = overlaps.similarity >= IOUS[0]
    rows = starts(true_boxes)[overlaps.frame[keep]] + overlaps.row[keep]
    columns = starts(boxes)[overlaps.frame[keep]] + overlaps.column[keep]
    flat = np.concatenate(scores)
    right, absorbed = match(rows, columns, overlaps.similarity[keep], ignored, crowd, len(flat))
    return DetectionSums(flat, right, absorbed, int((~ignored).sum()), len(boxes))


def match(
    rows: Ints,
    columns: Ints,
    similarity: NDArray[np.float64],
    ignored: BoolArray,
    crowd: BoolArray,
    num: int,
) -> tuple[BoolArray, BoolArray]:
    """Give each detection, best first, the free true box it overlaps most; ignored boxes last.

    The pairs (K,) join true boxes ``rows`` to detections ``columns`` out of ``num``. Returns
    (10, num) right and absorbed by an ignored box. COCO's rule for ties: the last box.
    """
    right, absorbed = np.zeros((2, len(IOUS), num), np.bool_)
    passed = similarity >= np.minimum(IOUS, _ALMOST_ONE)[:, None]
    clash = np.bincount(rows)[rows] > 1
    clash |= np.bincount(columns)[columns] > 1
    alone = ~clash
    right[:, columns[alone]] = passed[:, alone] & ~ignored[rows[alone]]
    absorbed[:, columns[alone]] = passed[:, alone] & ignored[rows[alone]]

    free = np.ones((len(IOUS), len(ignored)), np.bool_)
    levels = np.arange(len(IOUS))
    pairs = np.flatnonzero(clash)
    pairs = pairs[np.lexsort((rows[pairs], columns[pairs]))]
    for mine in np.split(pairs, np.flatnonzero(np.diff(columns[pairs])) + 1) if len(pairs) else ():
        boxes = rows[mine]
        possible = passed[:, mine] & (free[:, boxes] | crowd[boxes])
        value = np.where(possible, similarity[mine] + 2.0 * ~ignored[boxes], 0)
        # The last of the best, as COCO takes it.
        best = len(mine) - 1 - value[:, ::-1].argmax(axis=1)
        hit = value[levels, best] > 0
        box = boxes[best]
        free[levels[hit], box[hit]] = False
        right[:, columns[mine[0]]] = hit & ~ignored[box]
        absorbed[:, columns[mine[0]]] = hit & ignored[box]
    return right, absorbed
