"""What people look like: a vector for each person's crop, batched over people and images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray, Image
from hie_cli.models.images import cropped
from hie_cli.models.loaded import Crops, LoadedModel
from hie_cli.models.parts import EmbeddingDecoder, Network


@dataclass(frozen=True)
class CropEmbedder(LoadedModel):
    """An appearance network put together from its parts; see ``base.AppearanceModel``.

    The box itself is stretched to the network's input, as re-identification networks are trained.
    ``batch``: most crops at once.
    """

    network: Network
    decode: EmbeddingDecoder
    batch: int = 32

    def embed(
        self, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]]
    ) -> list[FloatArray]:
        """See ``base.AppearanceModel.embed``; a box outside its image is a black crop."""
        size_wh, row = self.spec.input.size_wh, Crops.of(boxes)
        parts = []
        for part in row.batches(self.batch):
            inside = zip(row.owner[part], row.boxes[part], strict=True)
            crops = np.stack([cropped(images[i], box, size_wh) for i, box in inside])
            parts.append(self.decode(self.network(crops)))
        return row.by_image(np.concatenate(parts) if parts else np.zeros((0, 0), np.float32))
