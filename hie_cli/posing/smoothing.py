"""Smoothing of poses over time without pixels: the baselines beside refinement by flow.

People are followed from frame to frame by the likeness of their boxes and poses alone, since poses
are smoothed before identities are known.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hie_cli import boxes as geometry
from hie_cli.following import follow, inverse, through
from hie_cli.types import Frame, People

Floats = NDArray[np.float64]
Seen = Iterable[tuple[Frame, People]]
_LEAST_LIKENESS = 0.3


def likeness(a: People, b: People) -> Floats:
    """(N, M) mean of box overlap and OKS of people ``a``, ``b``; without poses half the overlap."""
    overlap = geometry.iou(a.boxes, b.boxes)
    if a.keypoints is None or b.keypoints is None:
        return overlap / 2
    pose = geometry.oks(a.keypoints, b.keypoints, geometry.area(b.boxes))
    return (overlap + pose) / 2


def followed(before: People, now: People) -> NDArray[np.int64]:
    """Of each person of ``now`` (M) the index of the same one in ``before``; -1: none."""
    return follow(likeness(before, now), _LEAST_LIKENESS)


def one_euro(seen: Seen, min_cutoff: float, beta: float) -> Iterator[tuple[Frame, People]]:
    """The One-Euro filter (Casiez et al., CHI 2012) on every joint; causal.

    ``min_cutoff`` in 1/frames; ``beta`` raises the cut-off with speed in body heights per frame.
    """
    before: People | None = None
    smooth = speed = np.zeros((0, 14, 2))
    for frame, people in seen:
        if people.keypoints is None:
            yield frame, people
            continue
        points = np.asarray(people.keypoints, np.float64)
        index = np.full(len(people), -1) if before is None else followed(before, people)
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
        before = people
        yield frame, people.replace(keypoints=smooth)


def _alpha(cutoff: Floats) -> Floats:
    """The exponential filter's weight of the new value, at one sample per frame."""
    rate = 2 * math.pi * cutoff
    return rate / (rate + 1)


def savgol(seen: Seen, half: int, order: int) -> Iterator[tuple[Frame, People]]:
    """Savitzky–Golay: each joint is a polynomial's value fitted over ``half`` frames either side.

    Fitted by least squares to the frames in which the person is followed, so gaps do no harm;
    where fewer than order + 1 are left the joint stays as it is. Holds 2 half + 1 frames.
    """
    window: list[tuple[Frame, People]] = []
    links: list[NDArray[np.int64]] = []  # links[i]: people of window[i + 1] in window[i]
    due = 0
    for item in seen:
        if window:
            links.append(followed(window[-1][1], item[1]))
        window.append(item)
        if len(window) - 1 - due >= half:
            yield _fitted(window, links, due, half, order)
            due += 1
        if due > half:
            window.pop(0)
            links.pop(0)
            due -= 1
    for position in range(due, len(window)):
        yield _fitted(window, links, position, half, order)


def _fitted(
    window: Sequence[tuple[Frame, People]],
    links: Sequence[NDArray[np.int64]],
    position: int,
    half: int,
    order: int,
) -> tuple[Frame, People]:
    frame, people = window[position]
    if people.keypoints is None:
        return frame, people
    times, stacks = [0], [np.asarray(people.keypoints, np.float64)]
    for direction in (-1, 1):
        index = np.arange(len(people))
        for away in range(1, half + 1):
            other = position + direction * away
            if not 0 <= other < len(window) or window[other][1].keypoints is None:
                break
            link = (
                links[other]
                if direction < 0
                else inverse(links[other - 1], len(window[other - 1][1]))
            )
            index = through(link, index)
            points = np.asarray(window[other][1].keypoints, np.float64)
            padded = np.concatenate([points, np.full((1, 14, 2), np.nan)])
            times.append(direction * away)
            stacks.append(padded[index])
    fitted = polynomial_at_zero(np.array(times), np.stack(stacks), order)
    return frame, people.replace(keypoints=fitted)


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
