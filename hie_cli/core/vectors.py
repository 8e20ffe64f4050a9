"""Vectors that are compared by direction: cosine similarity is then a dot product."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", bound=np.floating[Any])

_SHORTEST = 1e-12  # a shorter vector has no direction


def unit_rows(vectors: NDArray[Float]) -> NDArray[Float]:
    """Vectors (..., D), each made to have length 1; zeros stay zeros, the type stays."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[Float] = vectors / np.maximum(lengths, _SHORTEST)
    return scaled
