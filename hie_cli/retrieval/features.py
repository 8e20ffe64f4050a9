"""What images look like, as vectors of a backbone: of a picture, of a clip, of people in it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import InputError
from hie_cli.core.types import FloatArray, Image
from hie_cli.core.vectors import unit_rows
from hie_cli.models import registry
from hie_cli.models.base import AppearanceModel
from hie_cli.video.images import read_image

BACKBONE = "mobilenet-v2"


class Describer:
    """A backbone, any model of the task "appearance", that describes whole images and crops.

    Raises ModelError where there is no such model; its functions InputError where it gives NaN.
    """

    def __init__(self, model: str = BACKBONE, device: str = "auto", threads: int | None = None):
        self.name = model
        self.sha256 = registry.find(model).sha256
        self._model = _loaded(model, self.sha256, device, threads)

    def images(self, images: Sequence[Image]) -> FloatArray:
        """(N, D), each of length 1, of whole images (H, W, 3) uint8 BGR of any size."""
        wholes = [np.array([[0, 0, image.shape[1], image.shape[0]]], float) for image in images]
        return self._finite(np.concatenate(self._model.embed(images, wholes)))

    def crops(self, image: Image, boxes: NDArray[np.floating]) -> FloatArray:
        """(N, D), each of length 1, of the boxes (N, 4) xyxy of one image."""
        return self._finite(self._model.embed([image], [boxes])[0])

    def image(self, path: Path) -> FloatArray:
        """(D,), of an image file. InputError where it cannot be read."""
        image = read_image(path)
        with telling(path):
            vector: FloatArray = self.images([image])[0]
        return vector

    def _finite(self, vectors: FloatArray) -> FloatArray:
        if not np.isfinite(vectors).all():
            raise InputError(f"features of {self.name} are no numbers (NaN); try another --model")
        return vectors


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Name the file in an InputError of a ``Describer``, which knows images only."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


@lru_cache(maxsize=2)
def _loaded(model: str, sha256: str, device: str, threads: int | None) -> AppearanceModel:
    """The network, kept for the next call; ``sha256`` tells an imported one from its successor."""
    return registry.load_appearance(model, device, threads)


def mean_direction(vectors: FloatArray) -> FloatArray:
    """The mean of (N, D) vectors, made to have length 1."""
    return unit_rows(vectors.mean(axis=0))
