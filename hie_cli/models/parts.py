"""The parts that a model is put together from: a network and a decoder of its outputs."""

from typing import Protocol

from hie_cli.core.types import FloatArray, Image, People
from hie_cli.models.images import Letterbox

Poses = tuple[FloatArray, FloatArray]  # keypoints (N, 14, 2) pixels NaN if missing, scores (N, 14)


class Network(Protocol):
    """A network on its device: one batch of images in, its output arrays out."""

    def __call__(self, images: Image) -> list[FloatArray]:
        """(N, H, W, 3) uint8 BGR -> the network's float32 outputs, each with N first."""


def runs(network: object) -> int:
    """How many threads may call a network, or a model, at once to advantage; 1 if it says nothing.

    One that does says so by an attribute ``runs``.
    """
    return int(getattr(network, "runs", 1))


class PeopleDecoder(Protocol):
    """From one image's outputs to its people in image pixels."""

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """``outputs`` without the batch dimension; ``box`` is how the image was put in."""


class PoseDecoder(Protocol):
    """From a batch's outputs to poses in crop pixels."""

    def __call__(
        self, outputs: list[FloatArray], boxes: FloatArray, size_wh: tuple[int, int]
    ) -> Poses:
        """``boxes`` (N, 4): where in its crop of ``size_wh`` each person's box lies."""


class EmbeddingDecoder(Protocol):
    """From a batch's outputs to a vector for each crop."""

    def __call__(self, outputs: list[FloatArray]) -> FloatArray:
        """(N, D) float32 of length 1 each."""
