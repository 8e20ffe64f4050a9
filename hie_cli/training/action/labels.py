"""Action labels of observed people: taken from truth by overlap, spread between labelled frames."""

from collections.abc import Mapping, Sequence

import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.core.geometry import iou
from hie_cli.core.types import FramePeople, IntArray, People

UNLABELLED = -1


def matched(people: People, truth: Annotations, threshold: float = 0.5) -> IntArray:
    """The action (N,) of the true person each observed one overlaps best, else -1.

    One to one, best total overlap, IoU >= ``threshold``.
    """
    labels = np.full(len(people), UNLABELLED, np.int64)
    if truth.actions is None or not len(people) or not len(truth):
        return labels
    overlap = iou(people.boxes, truth.boxes)
    overlap[overlap < threshold] = 0
    for person, target in zip(*linear_sum_assignment(-overlap), strict=True):
        if overlap[person, target] > 0:
            labels[person] = truth.actions[target]
    return labels


def spread(
    ids: Sequence[IntArray], labels: Mapping[int, IntArray], every: int
) -> dict[int, IntArray]:
    """Labels of every ``every``-th frame, interpolated along tracks between labelled frames.

    ids[t] (N_t,) are the track ids of frame t, labels[t] (N_t,) the labels where there are any.
    A frame between two labelled ones takes the label of the nearer (of the earlier, if as near)
    where the same track has one there; elsewhere -1. Nothing is carried past the last labels.
    """
    known = sorted(labels)
    by_id = {t: dict(zip(ids[t].tolist(), labels[t].tolist(), strict=True)) for t in known}
    out = {}
    for t in range(0, len(ids), every):
        if t in labels:
            out[t] = np.asarray(labels[t])
            continue
        position = int(np.searchsorted(known, t))
        if position == 0 or position == len(known):
            continue
        before, after = known[position - 1], known[position]
        near, far = (before, after) if t - before <= after - t else (after, before)
        row = [
            by_id[near].get(i, UNLABELLED)
            if i >= 0 and by_id[far].get(i, UNLABELLED) >= 0
            else UNLABELLED
            for i in ids[t].tolist()
        ]
        out[t] = np.array(row, np.int64)
    return out


def labels_of(observed: Sequence[FramePeople], truth: Sequence[Annotations]) -> dict[int, IntArray]:
    """Labels by position in ``observed`` of the frames whose truth names any action."""
    found = {}
    for position, item in enumerate(observed):
        if item.index < len(truth):
            row = matched(item.people, truth[item.index])
            if (row >= 0).any():
                found[position] = row
    return found
