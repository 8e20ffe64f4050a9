"""The camera's motion told by boxes, whether it is known whose they are or not.

The tracks' predicted boxes are laid over the detections of the new frame by one shift.
People move by themselves too; how much of a common shift is the camera's is learned from the
sequence: the camera's share is what all people do together beyond what independent walkers would.
A slow pan goes into the tracks' own speeds and is not seen here; ``common_motion`` measures it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.camera.path import translation
from hie_cli.core.geometry import pairs_where

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LARGEST = 1.5  # heights: the largest shift between two frames that is looked for
ALIKE = 0.15  # deviation of log width and height between a box and its prediction
LEAST_ALIKE = 0.1  # less alike boxes (1 = equal) are no pair
NEAR = 0.12  # heights: deviation of a pair's own shift from the common one
MOST = 40  # tracks looked at, the tallest first; and twice as many detections
PROPOSERS = 4  # of them, whose pairs propose the common shift
ROUNDS = 2  # in which pairs and shift are fitted to one another
JITTER = 0.05  # heights: of a detection's centre
START = 0.1  # heights: deviation of the camera's shift before anything is known
MEMORY = 0.05  # least weight of the newest frame in the camera's mean square shift
FAMILIAR = 0.3  # people that standing still, or moving on as before, counts for
STARTS = 0.4  # share of the common shift from which a still camera counts as moving ...
STILL = 0.05  # ... and below which a moving one counts as still


@dataclass(frozen=True)
class _Pairs:
    """Track ``row`` (K,) and detection it may be: how much alike (K,), and apart (2, K) px.

    start (R,): the first pair of each of the R tracks that have one · block (K,): which of these.
    """

    row: Ints
    alike: Floats
    apart: Floats
    start: Ints
    block: Ints


@dataclass
class _Camera:
    """What is known of one camera.

    energy: mean square of its shift along an axis, px², None = nothing yet · steps: shifts it was
    learned from · last (2,) px: the shift that people shared then · moves: whether it was the
    camera's.
    """

    energy: float | None = None
    steps: int = 0
    last: tuple[float, float] = (0.0, 0.0)
    moves: bool = False

    def shift(self, common: Sequence[float], noise: float) -> Floats | None:
        """The camera's homography (3, 3), of the shift (2,) px ``common`` to people; None: still.

        noise: variance (px²) that the mean of so many independent walkers has.
        """
        assert self.energy is not None
        self.steps += 1
        weight = max(MEMORY, 1 / (self.steps + 1))
        beyond = (common[0] ** 2 + common[1] ** 2) / 2 - noise
        self.energy = max(0.0, (1 - weight) * self.energy + weight * beyond)
        share = self.energy / (self.energy + noise)
        self.last = common[0], common[1]
        self.moves = share >= (STILL if self.moves else STARTS)
        if not self.moves:
            return None
        return translation(share * common[0], share * common[1])


class ShiftVote:
    """The motion of cameras from frame to frame, told by predictions and detections.

    Several cameras, told apart by their numbers 0 to C - 1, take hardly longer than one.
    """

    def __init__(self, cameras: int = 1) -> None:
        self._cameras = [_Camera() for _ in range(cameras)]

    def moves(self, number: int = 0) -> bool:
        """Whether a camera moved when it was last asked for."""
        return self._cameras[number].moves

    def follow(
        self, expected: Floats, variance: Floats, found: Floats, camera: Ints
    ) -> dict[int, Floats]:
        """Of each camera that moves, the homography (3, 3) from the pixels of N tracks' prediction
        to this frame's, where it is known whose the detections are.

        expected, found (N, 4): each one's prediction and detection, (centre x, centre y, width,
        height) px · variance (N,) px² of the predicted centres · camera (N,): its number.
        """
        if not len(expected):
            return {}
        height = expected[:, 3]
        apart = np.ascontiguousarray((found[:, :2] - expected[:, :2]).T)
        near = _nearness(apart, height)  # to no shift: only a move is to be noticed
        weight = near / _noise(variance, height)
        shifts, precision = _mean(apart, weight, camera, len(self._cameras))
        return self._learned(shifts, precision, height, camera)

    def vote(
        self,
        expected: Floats,
        variance: Floats,
        found: Floats,
        camera: Ints,
        cameras: Ints,
    ) -> dict[int, Floats]:
        """The same where it is not known whose the detections are.

        expected (N, 4), found (M, 4), variance (N,), camera (N,), cameras (M,): of the tracks and
        of this frame's confident detections, as in ``follow``.
        """
        tallest = _tallest(expected[:, 3], camera, MOST)
        expected, variance, camera = expected[tallest], variance[tallest], camera[tallest]
        if len(found) > 2 * MOST:
            chosen = _tallest(found[:, 3], cameras, 2 * MOST)
            found, cameras = found[chosen], cameras[chosen]
        pairs = _alike(expected, found, camera[:, None] == cameras)
        if not len(pairs.row):
            return {}
        height, count = expected[:, 3], len(self._cameras)
        row, of_pair = pairs.row[pairs.start], camera[pairs.row]
        noise, tall, of_track = _noise(variance, height)[row], height[pairs.row], camera[row]
        shifts = self._voted(pairs, tall, of_pair, pairs.row - camera.searchsorted(of_pair))
        for _ in range(ROUNDS):
            near = pairs.alike * _nearness(pairs.apart - shifts[:, of_pair], tall)
            best = _best_of_each(near, pairs)
            weight = near[best] / noise
            shifts, precision = _mean(pairs.apart[:, best], weight, of_track, count)
        return self._learned(shifts, precision, height[row], of_track)

    def _voted(self, pairs: _Pairs, tall: Floats, whose: Ints, rank: Ints) -> Floats:
        """The shift (2, C) px of each camera, of none, the last and those that its pairs propose,
        that brings most tracks near a detection.

        tall (K,) px: height of each pair's track, the ``rank``-th (K,) of camera ``whose`` (K,).
        """
        proposes = rank < PROPOSERS
        numbers = np.arange(len(self._cameras))
        by = np.concatenate([numbers, numbers, whose[proposes]])
        familiar = 2 * len(numbers)
        shifts = np.zeros((2, len(by)))
        shifts[:, len(numbers) : familiar] = np.transpose([known.last for known in self._cameras])
        shifts[:, familiar:] = pairs.apart[:, proposes]
        # Of pairs (rows) under shifts (columns).
        near = _nearness(shifts[:, None] - pairs.apart[..., None], tall[:, None])
        near *= pairs.alike[:, None]
        near *= whose[:, None] == by
        votes = np.maximum.reduceat(near, pairs.start, axis=0).sum(axis=0)  # best pair of each
        votes[:familiar] += FAMILIAR
        best: Floats = shifts[:, np.where(by == numbers[:, None], votes, -1.0).argmax(axis=1)]
        return best

    def _learned(
        self, shifts: Floats, precision: Floats, height: Floats, camera: Ints
    ) -> dict[int, Floats]:
        """Learn each camera's shift (2, C) px and precision (C,) 1/px², told by N people of a
        ``height`` (N,) px under ``camera`` (N,); gives homographies as ``follow`` does.
        """
        moved = {}
        for number, certain in enumerate(precision.tolist()):
            if certain > 0:
                known, common = self._cameras[number], shifts[:, number].tolist()
                if known.energy is None:
                    known.energy = (START * float(height[camera == number].mean())) ** 2
                matrix = known.shift(common, 1 / certain)
                if matrix is not None:
                    moved[number] = matrix
        return moved


def _noise(variance: Floats, height: Floats) -> Floats:
    """Variances (N,) px² of where people are found of those (N,) of where they are expected."""
    jitter: Floats = JITTER * height
    jitter *= jitter
    jitter += variance
    return jitter


def _mean(apart: Floats, weight: Floats, camera: Ints, count: int) -> tuple[Floats, Floats]:
    """The weighted means (2, C) of ``apart`` (2, N) by camera (N,), and the weights' sums (C,)."""
    total = np.bincount(camera, weight, count).astype(np.float64)
    x, y = weight * apart
    mean = np.array([np.bincount(camera, x, count), np.bincount(camera, y, count)])
    mean /= np.maximum(total, 1e-12)
    return mean, total


def _tallest(height: Floats, camera: Ints, most: int) -> Ints:
    """The ``most`` tallest under each camera (K,), by camera, of N of a ``height`` (N,) px."""
    order = np.lexsort((-height, camera))
    if len(order) <= most:
        return order
    whose = camera[order]
    return order[np.arange(len(order)) - whose.searchsorted(whose) < most]


def _alike(expected: Floats, found: Floats, among: NDArray[np.bool_]) -> _Pairs:
    """Pairs of boxes (N, 4), (M, 4), as centres and sizes, that may be one person, ``among``
    (N, M) these.
    """
    x = found[:, 0] - expected[:, :1]
    y = found[:, 1] - expected[:, 1:2]
    near = x * x + y * y <= (LARGEST * expected[:, 3:]) ** 2
    row, column = pairs_where(near & among)
    size, sizes = np.maximum(expected[:, 2:], 1), np.maximum(found[:, 2:], 1)
    change = np.log(sizes[column] / size[row]).T ** 2
    alike = np.exp(-0.5 * (change[0] + change[1]) / ALIKE**2)
    good = alike > LEAST_ALIKE
    row, column, alike = row[good], column[good], alike[good]
    first = np.ones(len(row), bool)
    first[1:] = row[1:] != row[:-1]
    apart = np.empty((2, len(row)))
    apart[0], apart[1] = x[row, column], y[row, column]
    return _Pairs(row, alike, apart, first.nonzero()[0], np.cumsum(first) - 1)


def _nearness(off: Floats, height: Floats) -> Floats:
    """How little (K,), 1 = not at all, people of a height (K,) px are ``off`` (2, K) px."""
    share = off / height
    share *= share
    near: Floats = share[0] + share[1]
    near *= -0.5 / NEAR**2
    return np.exp(near, out=near)


def _best_of_each(values: Floats, pairs: _Pairs) -> Ints:
    """The place of the first of the largest ``values`` (K,) among each track's pairs (R,)."""
    best = np.maximum.reduceat(values, pairs.start)
    places = (values == best[pairs.block]).nonzero()[0][::-1]
    chosen = np.empty(len(best), np.int64)
    chosen[pairs.block[places]] = places  # of equal ones the first is written last
    return chosen
