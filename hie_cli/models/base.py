"""What a stage may ask of a model, whatever network is behind it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, Image, People

Poses = tuple[FloatArray, FloatArray]  # keypoints (N, 14, 2) pixels NaN if missing, scores (N, 14)


class Detector(Protocol):
    """Finds people in whole images."""

    @property
    def name(self) -> str:
        """The registry's name."""

    @property
    def sha256(self) -> str:
        """Of the weights file, as hexadecimal digits."""

    def detect(self, images: Sequence[Image], long_side: int | None = None) -> list[People]:
        """The people of each image (H, W, 3) uint8 BGR, boxes in that image's pixels, best first.

        Raw candidates above a low floor score: nothing is suppressed beyond what the network's own
        published decoder suppresses. ``long_side`` is the length in pixels that the image's longer
        side is scaled to (None: the model's default); a model of fixed input size refuses
        others with ModelError. Models that see poses fill ``keypoints`` and ``keypoint_scores``.
        """


class PoseEstimator(Protocol):
    """Estimates the pose of each given person."""

    @property
    def name(self) -> str:
        """The registry's name."""

    @property
    def sha256(self) -> str:
        """Of the weights file, as hexadecimal digits."""

    def estimate(
        self, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]], *, flip: bool = False
    ) -> list[Poses]:
        """Poses for ``boxes[i]`` (Ni, 4) xyxy pixels of ``images[i]`` (H, W, 3) uint8 BGR.

        ``flip`` also looks at each mirrored crop and averages (twice the time).
        """


class Network(Protocol):
    """A network on its device: one batch of images in, its output arrays out."""

    def __call__(self, images: Image) -> list[FloatArray]:
        """(N, H, W, 3) uint8 BGR -> the network's float32 outputs, each with N first."""
