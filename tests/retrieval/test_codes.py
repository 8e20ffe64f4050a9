"""Binary codes and their distances."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.retrieval.codes import hamming_distances, pack_bits, sign_bits, unpack_bits


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 70), st.integers(0, 2**32))
def test_packed_distances_are_those_of_the_bits_in_any_order(bits, seed):
    generator = np.random.default_rng(seed)
    left = sign_bits(generator.normal(size=(3, bits)))
    right = sign_bits(generator.normal(size=(5, bits)))
    expected = (left[:, None] != right[None]).sum(axis=2)
    assert (hamming_distances(pack_bits(left), pack_bits(right)) == expected).all()
    order = generator.permutation(bits)
    shuffled = hamming_distances(pack_bits(left[:, order]), pack_bits(right[:, order]))
    assert (shuffled == expected).all()
    assert (unpack_bits(pack_bits(left), bits) == left).all()


def test_zero_counts_as_one():
    assert sign_bits(np.array([[-1.0, 0.0, -0.0, 2.0]])).tolist() == [[False, True, True, True]]
