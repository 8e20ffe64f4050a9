"""What people look like: a vector for each person's crop, batched over people and images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, Image
from hie_cli.models.images import cropped
from hie_cli.models.parts import EmbeddingDecoder, Network
from hie_cli.models.spec import ModelSpec


@dataclass(frozen=True)
class CropEmbedder:
    """An appearance network put together from its parts; see ``base.AppearanceModel``.

    The box itself is stretched to the network's input, as re-identification networks are trained.
    ``batch``: most crops at once.
    """

    spec: ModelSpec
    network: Network
    decode: EmbeddingDecoder
    batch: int = 32

    @property
    def name(self) -> str:
        """See ``base.Model``."""
        return self.spec.name

    @property
    def sha256(self) -> str:
        """See ``base.Model``."""
        return self.spec.sha256

    def embed(
        self, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]]
    ) -> list[FloatArray]:
        """See ``base.AppearanceModel.embed``; a box outside its image is a black crop."""
        size_wh = self.spec.input.size_wh
        crops = [
            cropped(image, box, size_wh)
            for image, each in zip(images, boxes, strict=True)
            for box in np.reshape(each, (-1, 4))
        ]
        parts = [
            self.decode(self.network(np.stack(crops[start : start + self.batch])))
            for start in range(0, len(crops), self.batch)
        ]
        vectors = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
        ends = np.cumsum([len(each) for each in boxes]).astype(int)
        return [vectors[end - len(b) : end] for end, b in zip(ends, boxes, strict=True)]
