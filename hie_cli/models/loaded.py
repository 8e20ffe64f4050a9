"""What every loaded model has in common: its record, and crops run in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.types import FloatArray
from hie_cli.models.spec import ModelSpec


@dataclass(frozen=True)
class LoadedModel:
    """A model's record; see ``base.Model``."""

    spec: ModelSpec

    @property
    def name(self) -> str:
        """See ``base.Model``."""
        return self.spec.name

    @property
    def sha256(self) -> str:
        """See ``base.Model``."""
        return self.spec.sha256


@dataclass(frozen=True)
class Crops:
    """The boxes of several images in one row.

    ``boxes`` (N, 4) float32; ``owner`` (N,): the image that each lies in; ``counts``: how many
    each image has.
    """

    boxes: FloatArray
    owner: NDArray[np.int64]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, boxes: Sequence[NDArray[np.floating]]) -> "Crops":
        """``boxes[i]`` (Ni, 4) are image i's."""
        each = [np.reshape(own, (-1, 4)) for own in boxes]
        counts = tuple(len(own) for own in each)
        every = np.concatenate([np.zeros((0, 4), np.float32), *each]).astype(np.float32)
        return cls(every, np.repeat(np.arange(len(counts)), counts), counts)

    def batches(self, size: int) -> Iterator[slice]:
        """Places in the row, at most ``size`` at once."""
        for start in range(0, len(self.boxes), size):
            yield slice(start, start + size)

    def by_image(self, values: FloatArray) -> list[FloatArray]:
        """``values`` (N, ...) of the row as one array an image."""
        ends = np.cumsum(self.counts, dtype=np.int64)
        return [values[end - n : end] for n, end in zip(self.counts, ends, strict=True)]
