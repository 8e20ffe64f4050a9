"""A Kalman filter over all tracks at once.

Constant velocity in (centre x, centre y, width, height). With noise independent per coordinate
the 8-dimensional filter falls apart into four of two states (value, rate), so that prediction and
update are a few elementwise operations on (N, 4) arrays and no matrix is ever inverted. All noise
is given in body (box) heights and seconds, so that neither resolution nor frame rate matters.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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
    unit = np.array([position, position, size, size])
    scaled: Floats = (height[:, None] * unit) ** 2
    return scaled


@dataclass(frozen=True)
class Motion:
    """State of N tracks: value and rate (N, 4) px and px/s, and their covariances (N, 4).

    Columns are centre x, centre y, width, height; ``vv``, ``vr``, ``rr`` are the variance of the
    value, its covariance with the rate, and the variance of the rate.
    """

    value: Floats
    rate: Floats
    vv: Floats
    vr: Floats
    rr: Floats

    @classmethod
    def start(cls, boxes: Floats, noise: MotionNoise) -> Self:
        """Tracks seen for the first time, in boxes (N, 4) xyxy."""
        value = to_centres(boxes)
        height = value[:, 3]
        zero = np.zeros_like(value)
        return cls(
            value,
            zero,
            _scaled(height, noise.centre, noise.size),
            zero,
            _scaled(height, noise.speed, noise.growth_speed),
        )

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        return type(self)(*(getattr(self, f.name)[index] for f in fields(self)))

    def join(self, other: Self) -> Self:
        """These tracks, then the other ones."""
        return type(self)(
            *(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self))
        )

    def boxes(self) -> Floats:
        """The tracks' boxes (N, 4) xyxy."""
        return to_boxes(self.value)

    def predict(self, seconds: float, noise: MotionNoise) -> Self:
        """The state ``seconds`` later: white-noise acceleration, exponentially damped speed."""
        keep = np.exp(-seconds / noise.damping)
        reach = noise.damping * (1 - keep)  # distance covered by a damped unit speed
        spread = _scaled(self.value[:, 3], noise.acceleration, noise.growth)
        return type(self)(
            self.value + reach * self.rate,
            keep * self.rate,
            self.vv + 2 * reach * self.vr + reach**2 * self.rr + spread * seconds**3 / 3,
            keep * (self.vr + reach * self.rr) + spread * seconds**2 / 2,
            keep**2 * self.rr + spread * seconds,
        )

    def update(self, boxes: Floats, noise: MotionNoise, doubt: Floats) -> Self:
        """The state after boxes (N, 4) xyxy were measured.

        ``doubt`` (N,) >= 1 multiplies the measurement's standard deviation: a weak or occluded
        detection moves the track less (Du et al., GIAOTracker, 2021, scale by the score).
        """
        measured = to_centres(boxes)
        total = self.vv + _scaled(measured[:, 3] * doubt, noise.centre, noise.size)
        gain, rate_gain = self.vv / total, self.vr / total
        innovation = measured - self.value
        return type(self)(
            self.value + gain * innovation,
            self.rate + rate_gain * innovation,
            (1 - gain) * self.vv,
            (1 - gain) * self.vr,
            self.rr - rate_gain * self.vr,
        )

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
        value = np.concatenate([centre, self.value[:, 2:] * scale], axis=1)
        turned = np.einsum("nij,nj->ni", linear, self.rate[:, :2])
        rate = np.concatenate([turned, self.rate[:, 2:] * scale], axis=1)
        return type(self)(value, rate, self.vv * scale**2, self.vr * scale**2, self.rr * scale**2)
