"""Who is the same in the frames around, before identities are known; windows over frames."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.assignment import linear_sum_assignment
from hie_cli.core.types import FramePeople, People

Floats = NDArray[np.float64]
Links = NDArray[np.int64]
T = TypeVar("T")


def windowed(seen: Iterable[T], half: int) -> Iterator[tuple[Sequence[T], int]]:
    """Each item of ``seen`` as (window, position): with up to ``half`` items before and after it.

    An item comes as soon as the ``half`` after it are there; 2 ``half`` + 1 items are held.
    """
    window: list[T] = []
    due = 0
    for item in seen:
        window.append(item)
        if len(window) - due > half:
            yield tuple(window), due
            due += 1
        if due > half:
            window.pop(0)
            due -= 1
    for position in range(due, len(window)):
        first = max(0, position - half)
        yield tuple(window[first:]), position - first


class LinkedFrame(NamedTuple):
    """A frame's people (N) and of each the index in the frame before (N,); -1: not there."""

    item: FramePeople
    link: Links

    @property
    def people(self) -> People:
        """The frame's people."""
        return self.item.people


def linked(
    stream: Iterable[FramePeople], alike: Callable[[People, People], Floats], least: float
) -> Iterator[LinkedFrame]:
    """Link people to those of the frame before: ``alike`` (earlier N, later M) >= ``least``."""
    before: People | None = None
    for item in stream:
        nobody = np.full(len(item.people), -1)
        link = nobody if before is None else follow(alike(before, item.people), least)
        yield LinkedFrame(item, link)
        before = item.people


def outward(
    window: Sequence[LinkedFrame], position: int, direction: int
) -> Iterator[tuple[int, Links, Links]]:
    """From ``window[position]`` through the frames before it (``direction`` -1) or after it (1).

    Yields the place of the frame; in it the index of each person of the frame one nearer; and that
    of each person of ``window[position]``.
    """
    index = np.arange(len(window[position].people))
    end = -1 if direction < 0 else len(window)
    for other in range(position + direction, end, direction):
        nearer = window[other - direction]
        step = nearer.link if direction < 0 else inverse(window[other].link, len(nearer.people))
        index = through(step, index)
        yield other, step, index


def follow(alike: Floats, least: float) -> Links:
    """Of each later person the index of the same earlier one, -1 if none, by likeness (N, M)."""
    index = np.full(alike.shape[1], -1)
    if alike.size:
        rows, columns = linear_sum_assignment(-alike)
        good = alike[rows, columns] >= least
        index[columns[good]] = rows[good]
    return index


def inverse(link: Links, count: int) -> Links:
    """The later index of each of ``count`` earlier people, -1 if none, from ``follow``'s answer."""
    forward = np.full(count, -1)
    forward[link[link >= 0]] = np.flatnonzero(link >= 0)
    return forward


def through(link: Links, index: Links) -> Links:
    """``link[index]``, with -1 staying -1."""
    return np.append(link, -1)[index]
