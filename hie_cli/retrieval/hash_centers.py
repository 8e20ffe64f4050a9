"""Hash centers: one binary code per class, far from each other.

Yuan et al., "Central Similarity Quantization for Efficient Image and Video Retrieval" (CVPR 2020,
arXiv 1908.00347), §3.1. A center is a row of B entries in {-1, +1}. Images of one class are to be
coded near one center, so that the distances between the centers are the distances between classes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError

Centers = NDArray[np.int8]
DRAWS = 10_000
FEW_DRAWS = 20


@dataclass(frozen=True)
class CenterStatistics:
    """Hamming distances between all pairs of K centers of B bits.

    balance: the mean share of +1 in a center · constant_bits: bits equal in all centers, which
    tell nothing apart.
    """

    classes: int
    bits: int
    smallest: int
    mean: float
    largest: int
    balance: float
    constant_bits: int


def hash_centers(classes: int, bits: int, *, seed: int = 0, skip_first: bool = False) -> Centers:
    """Centers of ``classes`` classes, (K, B) int8 of -1 and +1.

    Up to 2B classes of a power of two of bits: rows of the Hadamard matrix H, then of -H, which are
    exactly B/2 apart (B for a row and its negation). Otherwise balanced random centers.

    skip_first: leave out H's first column, which is +1 in all rows of H and so a wasted bit while K
    <= B; the bit is filled with the parity of the row's number. The published centers keep it.
    Raises ConfigError where the bits cannot hold so many balanced centers.
    """
    if classes < 1:
        raise ConfigError(f"hash centers: {classes} classes; at least 1 is needed")
    if bits < 2:
        raise ConfigError(f"hash centers: {bits} bits; at least 2 are needed")
    if bits & (bits - 1) == 0 and classes <= 2 * bits:
        return _hadamard_centers(classes, bits, skip_first)
    return balanced_centers(classes, bits, seed=seed)


def hadamard(size: int) -> Centers:
    """Sylvester's Hadamard matrix, (size, size); ``size`` a power of two."""
    matrix = np.ones((1, 1), np.int8)
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]]).astype(np.int8)
    return matrix


def _hadamard_centers(classes: int, bits: int, skip_first: bool) -> Centers:
    rows = hadamard(bits)
    if skip_first:
        rows = rows.copy()
        rows[1::2, 0] = -1
    return np.concatenate([rows, -rows])[:classes]


def balanced_centers(classes: int, bits: int, *, seed: int = 0, draws: int = 0) -> Centers:
    """Random centers with exactly round(B/2) entries of -1 each.

    All K are drawn at once, up to ``draws`` times (0: 10,000 for up to 100 classes, else 20); the
    first set with a smallest distance over B/4 and a mean of at least B/2 is taken, or else the
    best set seen, by smallest distance, then mean.
    """
    possible = _balanced_count(bits)
    if classes > possible:
        raise ConfigError(
            f"hash centers: {classes} classes do not fit {bits} bits, which have {possible} "
            "balanced codes; use more bits"
        )
    generator = np.random.default_rng(seed)
    row = np.ones(bits, np.int8)
    row[: round(bits / 2)] = -1
    best, best_key = np.empty((0, bits), np.int8), (-1, -1.0)
    for _ in range(draws or (DRAWS if classes <= 100 else FEW_DRAWS)):
        centers = generator.permuted(np.tile(row, (classes, 1)), axis=1)
        distances = _pair_distances(centers)
        if not len(distances):
            return centers
        key = (int(distances.min()), float(distances.mean()))
        if key > best_key:
            best, best_key = centers, key
        if key[0] > bits / 4 and key[1] >= bits / 2:
            break
    if best_key[0] == 0:
        best = _apart(best, generator)
    return best


def _balanced_count(bits: int) -> int:
    from math import comb

    return comb(bits, round(bits / 2))


def _apart(centers: Centers, generator: np.random.Generator) -> Centers:
    """``centers`` with every repeated one drawn again until all differ."""
    seen: set[bytes] = set()
    centers = centers.copy()
    for center in centers:
        while center.tobytes() in seen:
            generator.shuffle(center)
        seen.add(center.tobytes())
    return centers


def _pair_distances(centers: Centers) -> NDArray[np.int64]:
    """Hamming distances of all pairs of different centers, (K(K-1)/2,)."""
    inner = centers.astype(np.float32) @ centers.T.astype(np.float32)
    distances: NDArray[np.int64] = ((centers.shape[1] - inner) / 2).astype(np.int64)
    pairs: NDArray[np.int64] = distances[np.triu_indices(len(centers), 1)]
    return pairs


def center_statistics(centers: Centers) -> CenterStatistics:
    """How far apart the centers are; of one center all distances are 0."""
    distances = _pair_distances(centers)
    constant = (centers == centers[0]).all(axis=0).sum() if len(centers) > 1 else 0
    return CenterStatistics(
        classes=len(centers),
        bits=centers.shape[1],
        smallest=int(distances.min(initial=centers.shape[1])) if len(distances) else 0,
        mean=float(distances.mean()) if len(distances) else 0.0,
        largest=int(distances.max()) if len(distances) else 0,
        balance=float((centers > 0).mean()),
        constant_bits=int(constant),
    )


def tie_vector(bits: int, seed: int = 0) -> Centers:
    """The random code (B,) of -1 and +1 whose bits decide ties; one for all samples of a run."""
    return np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), size=bits)
