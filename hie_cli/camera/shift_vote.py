"""The camera's motion told by boxes before anybody knows whose they are.

The tracks' predicted boxes are laid over the detections of the new frame by one shift.
People move by themselves too; how much of a common shift is the camera's is learned from the
sequence: the camera's share is what all people do together beyond what independent walkers would.
A slow pan goes into the tracks' own speeds and is not seen here; ``common_motion`` measures it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import pairs_where

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LARGEST = 1.5  # heights: the largest shift between two frames that is looked for
ALIKE = 0.15  # deviation of log width and height between a box and its prediction
LEAST_ALIKE = 0.1  # less alike boxes (1 = equal) are no pair
NEAR = 0.12  # heights: deviation of a pair's own shift from the common one
MOST = 40  # tracks looked at, the tallest first; and twice as many detections
PROPOSERS = 12  # of them, whose pairs propose the common shift
ROUNDS = 2  # in which pairs and shift are fitted to one another
JITTER = 0.05  # heights: of a detection's centre
START = 0.1  # heights: deviation of the camera's shift before anything is known
MEMORY = 0.05  # least weight of the newest frame in the camera's mean square shift
FAMILIAR = 0.3  # people that standing still, or moving on as before, counts for
STILL = 0.05  # share of the common shift below which the camera counts as still
LONG, SELDOM = 8, 10  # after so many looks at a still camera only every tenth frame is looked at


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


class ShiftVote:
    """The camera's motion from frame to frame; feed it predictions and detections."""

    def __init__(self) -> None:
        self._energy: float | None = None  # mean square of the camera's shift along an axis, px²
        self._steps = 0
        self._last = np.zeros(2)
        self._still = self._waited = 0

    def due(self) -> bool:
        """Whether to look at the next frame: seldom, once the camera has stood still for long."""
        self._waited += 1
        return self._still < LONG or self._waited >= SELDOM

    def step(self, expected: Floats, variance: Floats, found: Floats) -> Floats | None:
        """Homography (3, 3) from the pixels of N tracks' prediction to this frame's; None: still.

        expected (N, 4), found (M, 4): the predictions, and this frame's confident detections,
        (centre x, centre y, width, height) px · variance (N,) px² of the predicted centres.
        """
        self._waited = 0
        tallest = np.argsort(-expected[:, 3], kind="stable")[:MOST]
        expected, variance = expected[tallest], variance[tallest]
        pairs = _alike(expected, found)
        if pairs is None:
            return None
        height = expected[:, 3]
        noise = variance + (JITTER * height) ** 2
        shift = self._vote(pairs, height)
        for _ in range(ROUNDS):
            near = _nearness(pairs, shift, height)
            chosen = _best_of_each(near, pairs)
            row = pairs.row[chosen]
            weight = near[chosen] / noise[row]
            precision = max(float(weight.sum()), 1e-12)
            shift = (weight[:, None] * pairs.apart.T[chosen]).sum(axis=0) / precision
        middle = (height[len(height) // 2] + height[(len(height) - 1) // 2]) / 2
        share = self._camera_share(shift, 1 / precision, float(middle))
        self._last = shift
        self._still = self._still + 1 if share < STILL else 0
        if self._still:
            return None
        matrix = np.eye(3)
        matrix[:2, 2] = share * shift
        return matrix

    def _vote(self, pairs: _Pairs, height: Floats) -> Floats:
        """The shift (2,) px, of those that the pairs propose, that brings most tracks near."""
        proposed = pairs.apart[:, pairs.row < PROPOSERS]
        shifts = np.empty((2, 2 + proposed.shape[1]))
        shifts[:, 0], shifts[:, 1], shifts[:, 2:] = 0, self._last, proposed
        # Single precision is enough to choose among them, and takes half the time.
        scale = (np.sqrt(0.5) / NEAR / height[pairs.row]).astype(np.float32)[:, None]
        apart, shift = pairs.apart.astype(np.float32)[..., None], shifts.astype(np.float32)
        x = (shift[0] - apart[0]) * scale  # of pairs (rows) under shifts (columns)
        y = (shift[1] - apart[1]) * scale
        x *= x
        y *= y
        x += y
        near = np.exp(np.negative(x, out=x), out=x)
        near *= pairs.alike.astype(np.float32)[:, None]
        best_pair = np.maximum.reduceat(near, pairs.start, axis=0)  # of each track
        votes = np.ascontiguousarray(best_pair.T).sum(axis=1)
        votes[:2] += FAMILIAR
        best: Floats = shifts[:, int(votes.argmax())]
        return best

    def _camera_share(self, common: Floats, noise: float, height: float) -> float:
        """The share (0..1) of the people's common shift (2,) px that is the camera's.

        noise: variance (px²) that the mean of so many independent walkers has.
        """
        known = (START * height) ** 2 if self._energy is None else self._energy
        self._steps += 1
        weight = max(MEMORY, 1 / (self._steps + 1))
        beyond = float((common**2).sum()) / 2 - noise
        self._energy = max(0.0, (1 - weight) * known + weight * beyond)
        return self._energy / (self._energy + noise)


def _alike(expected: Floats, found: Floats) -> _Pairs | None:
    """Pairs of boxes (N, 4), (M, 4), as centres and sizes, that may be one person; None if none."""
    if not len(expected) or not len(found):
        return None
    found = found[np.argsort(-found[:, 3], kind="stable")[: 2 * MOST]]
    x = found[:, 0] - expected[:, :1]
    y = found[:, 1] - expected[:, 1:2]
    row, column = pairs_where(x * x + y * y <= (LARGEST * expected[:, 3:]) ** 2)
    size, sizes = np.maximum(expected[:, 2:], 1), np.maximum(found[:, 2:], 1)
    change = np.log(sizes[column] / size[row]).T ** 2
    alike = np.exp(-0.5 * (change[0] + change[1]) / ALIKE**2)
    good = alike > LEAST_ALIKE
    row, column, alike = row[good], column[good], alike[good]
    if not len(row):
        return None
    first = np.ones(len(row), bool)
    first[1:] = row[1:] != row[:-1]
    apart = np.empty((2, len(row)))
    apart[0], apart[1] = x[row, column], y[row, column]
    return _Pairs(row, alike, apart, np.flatnonzero(first), np.cumsum(first) - 1)


def _nearness(pairs: _Pairs, shift: Floats, height: Floats) -> Floats:
    """How well each pair (K,) agrees with the common shift (2,) px, 0..1."""
    off = ((pairs.apart - shift[:, None]) / height[pairs.row]) ** 2
    near: Floats = pairs.alike * np.exp(-0.5 * (off[0] + off[1]) / NEAR**2)
    return near


def _best_of_each(values: Floats, pairs: _Pairs) -> Ints:
    """The place of the first of the largest ``values`` (K,) among each track's pairs (R,)."""
    best = np.maximum.reduceat(values, pairs.start)
    places = np.flatnonzero(values == best[pairs.block])[::-1]
    chosen = np.empty(len(best), np.int64)
    chosen[pairs.block[places]] = places  # of equal ones the first is written last
    return chosen
