"""What a stage may ask of a model, whatever network is behind it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, Image, People
from hie_cli.models.parts import Poses
from hie_cli.models.spec import ModelSpec


class Model(Protocol):
    """A loaded model of any task."""

    @property
    def spec(self) -> ModelSpec:
        """Its record: name, calibration, cost and so on."""

    @property
    def name(self) -> str:
        """The registry's name."""

    @property
    def sha256(self) -> str:
        """Of the weights file, as hexadecimal digits."""


class Detector(Model, Protocol):
    """Finds people in whole images."""

    def detect(self, images: Sequence[Image], long_side: int | None = None) -> list[People]:
        """The people of each image (H, W, 3) uint8 BGR, boxes in that image's pixels, best first.

        Raw candidates above a low floor score: nothing is suppressed beyond what the network's own
        published decoder suppresses. ``long_side`` is the length in pixels that the image's longer
        side is scaled to (None: the model's default); a model of fixed input size refuses
        others with ModelError. Models that see poses fill ``keypoints`` and ``keypoint_scores``.
        """


class PoseEstimator(Model, Protocol):
    """Estimates the pose of each given person."""

    def estimate(
        self, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]], *, flip: bool = False
    ) -> list[Poses]:
        """Poses for ``boxes[i]`` (Ni, 4) xyxy pixels of ``images[i]`` (H, W, 3) uint8 BGR.

        ``flip`` also looks at each mirrored crop and averages (twice the time).
        """


class AppearanceModel(Model, Protocol):
    """Describes what each given person looks like."""

    def embed(
        self, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]]
    ) -> list[FloatArray]:
        """Vectors (Ni, D) float32 of length 1 for ``boxes[i]`` (Ni, 4) xyxy of ``images[i]``.

        The more alike two people look, the larger the dot product of their vectors.
        """
