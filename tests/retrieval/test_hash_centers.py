"""Hash centers against the published sets' statistics (arXiv 1908.00347 and its released files)."""

import numpy as np
import pytest

from hie_cli.core.errors import ConfigError
from hie_cli.retrieval.hash_centers import (
    balanced_centers,
    center_statistics,
    hadamard,
    hash_centers,
)


def test_100_classes_of_64_bits_have_the_published_distances():
    """First 100 rows of [H; -H]: 36 rows have their negation among them, so 36 pairs are 64 apart.

    4950 pairs: 4914 at 32 and 36 at 64 -> mean (4914 * 32 + 36 * 64) / 4950 = 32.2327.
    """
    centers = hash_centers(100, 64)
    assert (centers == np.concatenate([hadamard(64), -hadamard(64)])[:100]).all()
    found = center_statistics(centers)
    assert (found.smallest, found.largest) == (32, 64)
    assert found.mean == pytest.approx((4914 * 32 + 36 * 64) / 4950)
    inner = centers.astype(int) @ centers.T.astype(int)
    assert (inner[np.triu_indices(100, 1)] == -64).sum() == 36


@pytest.mark.parametrize("bits", [16, 32, 64, 128])
def test_rows_of_a_hadamard_matrix_are_half_the_bits_apart(bits):
    found = center_statistics(hash_centers(bits, bits))
    assert (found.smallest, found.mean, found.largest) == (bits // 2, bits / 2, bits // 2)
    assert found.constant_bits == 1  # the first column


def test_the_wasted_bit_can_be_used():
    found = center_statistics(hash_centers(16, 16, skip_first=True))
    assert found.constant_bits == 0
    assert found.smallest >= 7


@pytest.mark.parametrize("bits", [16, 32, 48, 64, 128])
@pytest.mark.parametrize("classes", [2, 14, 33, 300, 1000])
def test_centers_are_distinct_balanced_and_repeatable(bits, classes):
    centers = hash_centers(classes, bits, seed=3)
    assert centers.shape == (classes, bits)
    assert set(np.unique(centers)) == {-1, 1}
    assert len(np.unique(centers, axis=0)) == classes
    assert (centers == hash_centers(classes, bits, seed=3)).all()
    if bits & (bits - 1) or classes > 2 * bits:
        assert ((centers < 0).sum(axis=1) == round(bits / 2)).all()
        assert center_statistics(centers).mean == pytest.approx(bits / 2, rel=0.05)


def test_a_random_set_of_51_classes_meets_the_rule():
    found = center_statistics(balanced_centers(51, 64, seed=1))
    assert found.smallest > 64 / 4
    assert found.mean >= 32


def test_all_balanced_codes_of_few_bits_can_be_asked_for():
    """4 bits, 2 of them -1: 4! / (2! 2!) = 6 codes."""
    centers = balanced_centers(6, 4)
    assert len(np.unique(centers, axis=0)) == 6
    with pytest.raises(ConfigError, match="6 balanced codes"):
        balanced_centers(7, 4)


@pytest.mark.parametrize(("classes", "bits"), [(0, 16), (3, 1)])
def test_meaningless_sizes_are_refused(classes, bits):
    with pytest.raises(ConfigError):
        hash_centers(classes, bits)
