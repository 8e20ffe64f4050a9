"""Who belongs together: people who stay side by side."""

from dataclasses import dataclass

import numpy as np

from hie_cli.analysis.tracks import Ints, Tracks

_SHARE = 0.5  # of the time that two are both seen, in which they are near each other


@dataclass(frozen=True)
class Groups:
    """sizes (N,): in how large a group each row's person is; 1: alone · pairs: identities that
    belong together, with the seconds that they were near each other.
    """

    sizes: Ints
    pairs: tuple[tuple[int, int, float], ...]


def groups(tracks: Tracks, distance: float, seconds: float) -> Groups:
    """Two people belong together if they are near each other for ``seconds``, and for half of the
    time that both are seen. A group is whoever is joined by such pairs that are near each other
    just then.

    distance: between their feet, in the mean of their heights. In the picture: towards the horizon
    distances look shorter than they are.
    """
    frames = _rows_by_frame(tracks)
    close = [_touching(tracks, rows, distance) for rows in frames]
    if not close:
        return Groups(np.ones(0, np.int64), ())
    met, counts = np.unique(np.concatenate(close), axis=0, return_counts=True)
    least = seconds / tracks.step - 1e-9
    together: dict[tuple[int, int], float] = {}
    for (a, b), count in zip(met.tolist(), counts.tolist(), strict=True):
        if count >= least and count >= _SHARE * _common_frames(tracks, a, b):
            together[a, b] = count * tracks.step
    sizes = np.ones(len(tracks.ids), np.int64)
    for rows, pairs in zip(frames, close, strict=True):
        joined = [pair for pair in map(tuple, pairs.tolist()) if pair in together]
        if joined:
            sizes[rows] = _sizes(tracks.ids[rows].tolist(), joined)
    return Groups(sizes, tuple((a, b, time) for (a, b), time in sorted(together.items())))


def _touching(tracks: Tracks, rows: Ints, distance: float) -> Ints:
    """Pairs (K, 2) of identities that are near each other in one frame, the smaller one first."""
    feet, heights, ids = tracks.feet[rows], tracks.heights[rows], tracks.ids[rows]
    a, b = np.triu_indices(len(rows), 1)
    apart = np.linalg.norm(feet[a] - feet[b], axis=1)
    near = apart <= distance * (heights[a] + heights[b]) / 2
    return np.sort(np.stack([ids[a[near]], ids[b[near]]], axis=1), axis=1)


def _common_frames(tracks: Tracks, a: int, b: int) -> int:
    first, second = (tracks.row_frame[tracks.lives[key]] for key in (a, b))
    return len(np.intersect1d(first, second))


def _sizes(ids: list[int], pairs: list[tuple[int, int]]) -> list[int]:
    """The size of each person's group; ``pairs`` join people."""
    group = {key: key for key in ids}
    for a, b in pairs:
        old, new = group[b], group[a]
        group = {key: new if each == old else each for key, each in group.items()}
    members = list(group.values())
    return [members.count(group[key]) for key in ids]


def _rows_by_frame(tracks: Tracks) -> list[Ints]:
    borders = np.flatnonzero(np.diff(tracks.row_frame)) + 1
    return [rows for rows in np.split(np.arange(len(tracks.ids)), borders) if len(rows)]
