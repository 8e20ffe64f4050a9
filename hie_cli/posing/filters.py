"""Smoothing of poses over time without pixels: the baselines beside refinement by flow.

People are followed from frame to frame by the similarity of their boxes and poses alone, since
poses are smoothed before identities are known.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.temporal_window import LinkedFrame, linked, outward, windowed
from hie_cli.core.types import FramePeople, FrameStream, People

Floats = NDArray[np.float64]
_LEAST_SIMILARITY = 0.3


def similarity(a: People, b: People) -> Floats:
    """(N, M) mean of box overlap and OKS of people ``a``, ``b``; without poses half the overlap."""
    overlap = geometry.iou(a.boxes, b.boxes)
    if a.keypoints is None or b.keypoints is None:
        return overlap / 2
    pose = geometry.oks(a.keypoints, b.keypoints, geometry.area(b.boxes))
    return (overlap + pose) / 2


def one_euro(stream: Iterable[FramePeople], min_cutoff: float, beta: float) -> FrameStream:
    """The One-Euro filter (Casiez et al., CHI 2012) on every joint; causal.

    ``min_cutoff`` in 1/frames; ``beta`` raises the cut-off with speed in body heights per frame.
    """
    smooth = speed = np.zeros((0, 14, 2))
    for item, index in linked(stream, similarity, _LEAST_SIMILARITY):
        people = item.people
        if people.keypoints is None:
            smooth = np.full((len(people), 14, 2), np.nan)
            speed = np.zeros_like(smooth)
            yield item
            continue
        points = np.asarray(people.keypoints, np.float64)
        last, last_speed = np.full_like(points, np.nan), np.zeros_like(points)
        old = index >= 0
        last[old], last_speed[old] = smooth[index[old]], speed[index[old]]
        fresh = ~geometry.known(last)
        last = np.where(fresh[..., None], points, last)
        tall = np.maximum(people.boxes[:, 3] - people.boxes[:, 1], 1.0)[:, None, None]
        step = np.where(fresh[..., None], 0.0, (points - last) / tall)
        alpha_speed = _alpha(np.array(1.0))
        speed = alpha_speed * np.nan_to_num(step) + (1 - alpha_speed) * last_speed
        quick = np.linalg.norm(speed, axis=-1, keepdims=True)
        alpha = _alpha(min_cutoff + beta * quick)
        smooth = alpha * points + (1 - alpha) * last
        yield replace(item, people=people.replace(keypoints=smooth))


def _alpha(cutoff: Floats) -> Floats:
    """The exponential filter's weight of the new value, at one sample per frame."""
    rate = 2 * math.pi * cutoff
    return rate / (rate + 1)


def savgol(stream: Iterable[FramePeople], half: int, order: int) -> FrameStream:
    """Savitzky–Golay: each joint is a polynomial's value fitted over ``half`` frames either side.

    Fitted by least squares to the frames in which the person is followed, so gaps do no harm;
    where fewer than order + 1 are left the joint stays as it is. Holds 2 half + 1 frames.
    """
    for window, position in windowed(linked(stream, similarity, _LEAST_SIMILARITY), half):
        yield replace(window[position].item, people=_fitted(window, position, order))


def _fitted(window: Sequence[LinkedFrame], position: int, order: int) -> People:
    people = window[position].people
    if people.keypoints is None:
        return people
    times, stacks = [0], [np.asarray(people.keypoints, np.float64)]
    for direction in (-1, 1):
        for other, _, index in outward(window, position, direction):
            points = window[other].people.keypoints
            if points is None:
                break
            padded = np.concatenate([np.asarray(points, np.float64), np.full((1, 14, 2), np.nan)])
            times.append(other - position)
            stacks.append(padded[index])
    return people.replace(keypoints=polynomial_at_zero(np.array(times), np.stack(stacks), order))


def polynomial_at_zero(times: NDArray[np.int64], values: Floats, order: int) -> Floats:
    """Value at time 0 of the polynomial fitted to ``values`` (S, N, 14, 2) at ``times`` (S,).

    NaN samples do not count. A joint missing at time 0 stays missing; one with fewer than order + 1
    samples keeps its value.
    """
    known = geometry.known(values)
    basis = np.vander(times.astype(np.float64), order + 1, increasing=True)  # (S, order + 1)
    gram = np.einsum("snj,sp,sq->njpq", known.astype(np.float64), basis, basis)
    right = np.einsum("snjx,sp->njpx", np.where(known[..., None], values, 0.0), basis)
    enough = (known.sum(0) > order) & known[0]
    solution: Floats = values[0].copy()
    solution[enough] = np.linalg.solve(gram[enough], right[enough])[:, 0]
    return solution
