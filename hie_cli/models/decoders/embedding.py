"""Appearance networks: a vector for each crop."""

from dataclasses import dataclass
from typing import ClassVar

from hie_cli.core.types import FloatArray
from hie_cli.core.vectors import unit_rows
from hie_cli.models.decoders.candidates import first_of, refuse


@dataclass(frozen=True)
class Embedding:
    """One output (N, D), further dimensions of 1 allowed; made to have length 1."""

    task: ClassVar = "appearance"
    required: ClassVar[tuple[str, ...]] = ()

    def __call__(self, outputs: list[FloatArray]) -> FloatArray:
        """The batch's vectors (N, D). ModelError for other shapes."""
        if len(outputs) != 1 or outputs[0].ndim < 2 or outputs[0][0].size < 2:
            raise refuse("embedding", first_of(outputs), "a vector")
        vectors = outputs[0].reshape(len(outputs[0]), -1)
        return unit_rows(vectors)
