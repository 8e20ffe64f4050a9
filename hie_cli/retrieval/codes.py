"""Binary codes: from numbers to bits, packed, and how far apart they are."""

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]


def sign_bits(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(N, B) numbers -> bits: 0 and above is 1 (sign(0) = +1)."""
    return values >= 0


def pack_bits(bits: NDArray[np.bool_]) -> Bits:
    """(N, B) bits -> (N, ceil(B / 8)) bytes, the first bit lowest; missing bits are 0."""
    return np.packbits(bits, axis=1, bitorder="little")


def unpack_bits(packed: Bits, bits: int) -> NDArray[np.bool_]:
    """The inverse of ``pack_bits``: (N, bits) of codes (N, bits / 8)."""
    return np.unpackbits(packed, axis=1, count=bits, bitorder="little").astype(bool)


def hamming_distances(queries: Bits, codes: Bits) -> NDArray[np.int32]:
    """Distances (Q, N) between packed codes (Q, bytes) and (N, bytes)."""
    distances = np.empty((len(queries), len(codes)), np.int32)
    for row, query in zip(distances, queries, strict=True):
        np.sum(np.bitwise_count(query ^ codes), axis=1, dtype=np.int32, out=row)
    return distances
