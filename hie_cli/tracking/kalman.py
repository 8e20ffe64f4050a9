"""A Kalman filter over all tracks at once.

Constant velocity in (centre x, centre y, width, height). With noise independent per coordinate
the 8-dimensional filter falls apart into four of two states (value, rate), so that prediction and
update are a few elementwise operations on (N, 4) arrays and no matrix is ever inverted. All noise
is given in body (box) heights and seconds, so that neither resolution nor frame rate matters.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MotionNoise:
    """How people and their boxes move; standard deviations in box heights (and seconds).

    ``centre`` and ``size`` are a box's own jitter; ``acceleration`` (heights / s^1.5) is how freely
    walking speed changes, ``growth`` the same of the box's size; ``speed`` and ``growth_speed``
    (heights / s) are what a newly seen person may do: 1 height a second is a brisk walk.
    ``damping`` (s) is the time after which an unseen person keeps 1/e of the speed.
    """

    centre: float = 0.05
    size: float = 0.08
    acceleration: float = 0.5
    growth: float = 0.15
    speed: float = 1.0
    growth_speed: float = 0.2
    damping: float = 5.0


def to_centres(boxes: Floats) -> Floats:
    """Boxes (N, 4) xyxy as (centre x, centre y, width, height)."""
    b = np.asarray(boxes, np.float64).reshape(-1, 4)
    centres = np.empty_like(b)
    np.add(b[:, :2], b[:, 2:], out=centres[:, :2])
    centres[:, :2] /= 2
    np.subtract(b[:, 2:], b[:, :2], out=centres[:, 2:])
    return centres


def to_boxes(centres: Floats) -> Floats:
    """(centre x, centre y, width, height) (N, 4) as boxes xyxy; sizes below 1 px count as 1 px."""
    half = np.maximum(centres[:, 2:], 1.0) / 2
    boxes = np.empty((len(half), 4))
    np.subtract(centres[:, :2], half, out=boxes[:, :2])
    np.add(centres[:, :2], half, out=boxes[:, 2:])
    return boxes


def _scaled(height: Floats, position: float, size: float) -> Floats:
    """Variances (N, 4) px² of standard deviations given in heights, for x, y and for w, h."""
    scaled: Floats = height[:, None] * np.array([position, position, size, size])
    scaled *= scaled
    return scaled


def measured(centres: Floats, noise: MotionNoise, doubt: Floats) -> Floats:
    """Measurements (2, N, 4): boxes (N, 4) as centres and sizes, and the variances of these, px².

    ``doubt`` (N,) >= 1 multiplies the measurement's standard deviation: a weak or occluded
    detection moves the track less (Du et al., GIAOTracker, 2021, scale by the score).
    """
    both = np.empty((2, len(centres), 4))
    both[0] = centres
    both[1] = _scaled(centres[:, 3] * doubt, noise.centre, noise.size)
    return both


def _row(state: Floats, row: int) -> Floats:
    part: Floats = state[row]
    return part


@lru_cache
def _after(seconds: float, noise: MotionNoise) -> tuple[Floats, Floats]:
    """What ``seconds`` do to a state: the matrix (5, 5) it is multiplied by, and what is added
    (5, 4), in squared heights. White-noise acceleration; the speed fades exponentially.
    """
    keep = math.exp(-seconds / noise.damping)
    reach = noise.damping * (1 - keep)  # distance covered by a damped unit speed
    transition = np.zeros((5, 5))
    transition[0, :2] = 1, reach  # value
    transition[1, 1] = keep  # rate
    transition[2, 2:] = 1, 2 * reach, reach**2  # variance of the value
    transition[3, 3:] = keep, keep * reach  # its covariance with the rate
    transition[4, 4] = keep**2  # variance of the rate
    free = np.array([noise.acceleration, noise.acceleration, noise.growth, noise.growth]) ** 2
    return transition, np.outer([0, 0, seconds**3 / 3, seconds**2 / 2, seconds], free)


@dataclass(frozen=True)
class Motion:
    """State of N tracks in one array (5, N, 4), so that all of it is moved at once.

    ``value`` and ``rate`` px and px/s; ``vv``, ``vr``, ``rr``, the variance of the value, its
    covariance with the rate, and the variance of the rate. Columns are centre x, centre y, width,
    height.
    """

    state: Floats

    @property
    def value(self) -> Floats:
        """Centre and size (N, 4) px."""
        return _row(self.state, 0)

    @property
    def rate(self) -> Floats:
        """Their speeds (N, 4) px/s."""
        return _row(self.state, 1)

    @property
    def vv(self) -> Floats:
        """Variances (N, 4) px² of the values."""
        return _row(self.state, 2)

    @property
    def vr(self) -> Floats:
        """Covariances (N, 4) px²/s of values and speeds."""
        return _row(self.state, 3)

    @property
    def rr(self) -> Floats:
        """Variances (N, 4) (px/s)² of the speeds."""
        return _row(self.state, 4)

    @classmethod
    def start(cls, boxes: Floats, noise: MotionNoise) -> Self:
        """Tracks seen for the first time, in boxes (N, 4) xyxy."""
        centres = to_centres(boxes)
        state = np.zeros((5, len(centres), 4))
        state[0] = centres
        state[2] = _scaled(centres[:, 3], noise.centre, noise.size)
        state[4] = _scaled(centres[:, 3], noise.speed, noise.growth_speed)
        return cls(state)

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        return type(self)(self.state[:, index])

    def join(self, other: Self) -> Self:
        """These tracks, then the other ones."""
        return type(self)(np.concatenate([self.state, other.state], axis=1))

    def replaced(self, rows: Ints, others: Self) -> Self:
        """These tracks, ``rows`` (K,) of them replaced by K others."""
        state = self.state.copy()
        state[:, rows] = others.state
        return type(self)(state)

    def boxes(self) -> Floats:
        """The tracks' boxes (N, 4) xyxy."""
        return to_boxes(self.value)

    def predict(self, seconds: float, noise: MotionNoise) -> Self:
        """The state ``seconds`` later."""
        transition, diffusion = _after(seconds, noise)
        later = transition @ self.state.reshape(5, -1)
        squared = self.state[0, :, 3] ** 2
        later += (squared[:, None] * diffusion[:, None]).reshape(5, -1)
        return type(self)(later.reshape(self.state.shape))

    def update(self, rows: Ints, measured: Floats) -> Self:
        """The state after the tracks ``rows`` (K,) were ``measured`` (2, K, 4), see there."""
        centres, variance = measured
        seen = self.state.take(rows, axis=1)
        gain = seen[2:4] / (seen[2] + variance)
        seen[:2] += gain * (centres - seen[0])
        seen[4] -= gain[1] * seen[3]
        seen[2:4] *= 1 - gain[0]
        state = self.state.copy()
        state[:, rows] = seen
        return type(self)(state)

    def shifted(self, shifts: Floats) -> Self:
        """The state seen after shifts (N, 2) px of the camera."""
        state = self.state.copy()
        state[0, :, :2] += shifts
        return type(self)(state)

    def warp(self, homography: Floats) -> Self:
        """The state seen after a camera motion, homography (3, 3) from old to new pixels.

        Centres move exactly; sizes and speeds by the homography's derivative at the centre.
        """
        ones = np.ones(len(self))
        x, y, w = homography @ np.stack([self.value[:, 0], self.value[:, 1], ones])
        centre = np.stack([x / w, y / w], axis=1)
        linear = (
            homography[None, :2, :2] - centre[:, :, None] * homography[None, None, 2, :2]
        ) / w[:, None, None]
        scale = np.sqrt(np.abs(np.linalg.det(linear)))[:, None]
        state = np.empty_like(self.state)
        state[0, :, :2] = centre
        state[1, :, :2] = np.einsum("nij,nj->ni", linear, self.rate[:, :2])
        state[:2, :, 2:] = self.state[:2, :, 2:] * scale
        state[2:] = self.state[2:] * scale**2
        return type(self)(state)
