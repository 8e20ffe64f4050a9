"""Which predicted id follows each true person when: what an id-timeline picture shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.annotations import Annotations
from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.core.geometry import iou
from hie_cli.core.types import People
from hie_cli.evaluation.matching import EPS, decimals

ABSENT, MISSED = -2, -1


@dataclass(frozen=True)
class Timeline:
    """truth_ids (R,) int64 in order of appearance; followed (R, T) int64: the predicted id at each
    frame, ``MISSED`` (-1) without one, ``ABSENT`` (-2) where the person is not annotated.
    """

    truth_ids: NDArray[np.int64]
    followed: NDArray[np.int64]


def timeline(frames: Sequence[tuple[Annotations, People]], threshold: float) -> Timeline:
    """Pair boxes frame by frame for the largest total overlap, each at least ``threshold``."""
    rows: dict[int, NDArray[np.int64]] = {}
    for t, (truth, people) in enumerate(frames):
        if not truth.annotated:
            continue
        counting = np.flatnonzero(~truth.ignore & (truth.track_ids >= 0))
        for g in counting:
            row = rows.setdefault(int(truth.track_ids[g]), np.full(len(frames), ABSENT))
            row[t] = MISSED
        if people.track_ids is None:
            continue
        overlap = iou(decimals(truth.boxes[counting]), decimals(people.boxes))
        overlap[overlap < threshold - EPS] = 0
        for g, p in zip(*linear_sum_assignment(-overlap), strict=True):
            if overlap[g, p] > 0:
                rows[int(truth.track_ids[counting[g]])][t] = people.track_ids[p]
    ids = np.array(list(rows), np.int64)
    followed = np.array(list(rows.values()), np.int64).reshape(len(rows), len(frames))
    return Timeline(ids, followed)
