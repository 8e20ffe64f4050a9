"""The frames of a sequence where boxes of truth and prediction agree least."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.core.geometry import iou
from hie_cli.core.types import BoolArray, FloatArray, People
from hie_cli.evaluation.matching import EPS, decimals

_APART = 10  # frames between two that are shown, so that they show different things


@dataclass(frozen=True, eq=False)
class WorstFrame:
    """One frame: index from 0, true boxes (G, 4) and which were found (G,), predicted boxes (P, 4)
    and which are right (P,). Ignored people are left out, and what was predicted on them.
    """

    index: int
    true_boxes: FloatArray
    found: BoolArray
    boxes: FloatArray
    right: BoolArray

    @property
    def missed(self) -> int:
        """True people without a prediction."""
        return int((~self.found).sum())

    @property
    def false(self) -> int:
        """Predictions on nobody."""
        return int((~self.right).sum())


def worst_frames(
    frames: Sequence[tuple[Annotations, People]], threshold: float, most: int
) -> tuple[WorstFrame, ...]:
    """The ``most`` frames with the most missed people and false boxes, worst first.

    Boxes are paired frame by frame at an IoU of at least ``threshold``. Frames without an error,
    and those close to a worse one, are left out.
    """
    errors = [
        _paired(index, truth, people, threshold)
        for index, (truth, people) in enumerate(frames)
        if truth.annotated
    ]
    chosen: list[WorstFrame] = []
    for frame in sorted(errors, key=lambda item: (-item.missed - item.false, item.index)):
        if len(chosen) == most or not frame.missed + frame.false:
            break
        if all(abs(frame.index - other.index) >= _APART for other in chosen):
            chosen.append(frame)
    return tuple(chosen)


def _paired(index: int, truth: Annotations, people: People, threshold: float) -> WorstFrame:
    overlap = iou(decimals(truth.boxes), decimals(people.boxes))
    counts = np.where(overlap >= threshold - EPS, overlap, 0.0)
    counts[~truth.ignore] += 2.0 * (counts[~truth.ignore] > 0)  # counting people come first
    found, right = np.zeros(len(truth.boxes), np.bool_), np.zeros(len(people), np.bool_)
    on_ignored = np.zeros(len(people), np.bool_)
    for g, p in zip(*linear_sum_assignment(-counts), strict=True):
        if counts[g, p] > 0:
            found[g] = True
            (on_ignored if truth.ignore[g] else right)[p] = True
    counting = ~truth.ignore
    return WorstFrame(
        index, truth.boxes[counting], found[counting], people.boxes[~on_ignored], right[~on_ignored]
    )
