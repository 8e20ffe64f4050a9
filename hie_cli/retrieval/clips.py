"""Clips: which frames of a video are one, and what they become: one vector."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hie_cli.core.types import FloatArray, Frame
from hie_cli.core.vectors import unit_rows

Convolution = tuple[FloatArray, FloatArray]  # weights (out, in, width) and biases (out,)


@dataclass(frozen=True)
class ClipSampling:
    """Which frames are a clip: ``frames`` of them, ``interval`` seconds apart."""

    frames: int = 16
    interval: float = 0.08

    def stride(self, fps: float) -> int:
        """The interval in frames, 1 at least."""
        return max(1, round(self.interval * fps))


class ClipCollector:
    """Frames of a video in, those of its clips out.

    A clip begins ``every`` seconds, but never inside another one. Frames are counted as they come:
    of a part of a video the first clip begins with the first frame.
    """

    def __init__(self, fps: float, sampling: ClipSampling, every: float) -> None:
        self.sampling, self.stride = sampling, sampling.stride(fps)
        self._step = max(sampling.frames * self.stride, round(every * fps))
        self._count = self._clips = 0
        self._frames: list[Frame] = []

    def add(self, frame: Frame) -> list[Frame]:
        """The frames of the clip that is complete with this one; else none."""
        place, self._count = self._count % self._step, self._count + 1
        if place % self.stride or place >= self.sampling.frames * self.stride:
            return []
        self._frames.append(frame)
        return self._taken() if len(self._frames) == self.sampling.frames else []

    def finish(self, all_of_it: bool = False) -> list[Frame]:
        """After the last frame: what is left, if it is half a clip at least or the only one."""
        enough = 2 * len(self._frames) >= self.sampling.frames or not self._clips
        return self._taken() if enough or all_of_it else []

    def _taken(self) -> list[Frame]:
        frames, self._frames = self._frames, []
        self._clips += 1
        return frames


def filled(features: FloatArray, frames: int) -> FloatArray:
    """(T, D) of a clip that was cut off, its last frame repeated: (frames, D)."""
    whole: FloatArray = np.pad(features, ((0, frames - len(features)), (0, 0)), mode="edge")
    return whole


@dataclass(frozen=True)
class ClipLayers:
    """What a trained video head does before its hash layers; ``training.hash.clip_head``.

    convolutions: over time, of odd widths, ReLU after each; the first one takes the features of
    a frame (D,) times sqrt(D), the last one gives C.
    """

    sampling: ClipSampling
    convolutions: tuple[Convolution, ...]

    @property
    def frame_features(self) -> int:
        """D."""
        return int(self.convolutions[0][0].shape[1])

    @property
    def features(self) -> int:
        """D + C, of a clip's vector."""
        return self.frame_features + len(self.convolutions[-1][1])

    def vectors(self, features: FloatArray) -> FloatArray:
        """(N, D + C), each of length 1, of clips (N, T, D) of frames' features of length 1.

        The mean frame and the mean of what the layers find, each of length 1, side by side.
        """
        motion = features * np.float32(features.shape[2] ** 0.5)
        for weights, biases in self.convolutions:
            motion = np.maximum(_over_time(motion, weights) + biases, 0)
        parts = [unit_rows(features.mean(axis=1)), unit_rows(motion.mean(axis=1))]
        joined: FloatArray = np.concatenate(parts, axis=1) / np.float32(2**0.5)
        return joined


def _over_time(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Convolution of (N, T, in) with (out, in, width) along T, zeros beyond the ends."""
    width, length = weights.shape[2], values.shape[1]
    padded = np.pad(values, ((0, 0), (width // 2, width // 2), (0, 0)))
    parts = [padded[:, k : k + length] @ weights[:, :, k].T for k in range(width)]
    total: FloatArray = np.sum(parts, axis=0)
    return total


def fitting(convolutions: Sequence[Convolution]) -> bool:
    """Whether they can follow each other, of odd widths, all numbers finite."""
    shapes = [(weights.shape, biases.shape) for weights, biases in convolutions]
    if not shapes or any(len(w) != 3 or b != w[:1] or w[2] % 2 == 0 for w, b in shapes):
        return False
    follow = all(a[0][0] == b[0][1] for a, b in pairwise(shapes))
    return follow and all(bool(np.isfinite(x).all()) for pair in convolutions for x in pair)
