"""Whole-image detectors: letterbox, network, decoder, back to image pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

from hie_cli.core.errors import ModelError
from hie_cli.core.types import Image, People
from hie_cli.models.images import by_shape
from hie_cli.models.loaded import LoadedModel
from hie_cli.models.parts import Network, PeopleDecoder, runs


@dataclass(frozen=True)
class ImageDetector(LoadedModel):
    """A detector put together from its parts; see ``base.Detector``."""

    network: Network
    decode: PeopleDecoder

    @property
    def runs(self) -> int:
        """See ``parts.runs``."""
        return runs(self.network)

    def detect(self, images: Sequence[Image], long_side: int | None = None) -> list[People]:
        """See ``base.Detector.detect``; images of equal size share one batch."""
        results: list[People] = [People.empty()] * len(images)
        for group in by_shape(images):
            height, width = images[group[0]].shape[:2]
            try:
                box = self.spec.input.letterbox((height, width), long_side)
            except ModelError as error:
                raise ModelError(f"model {self.name!r} {error}") from None
            outputs = self.network(box.batch([images[i] for i in group]))
            for place, index in enumerate(group):
                found = self.decode([array[place] for array in outputs], box)
                results[index] = found[(-found.scores).argsort(kind="stable")]
        return results
