"""The nearest codes, in parts as at once."""

import numpy as np
import pytest

from hie_cli.retrieval.nearest import NearestCodes


@pytest.mark.parametrize("kind", ["flat", "ivf", "hnsw"])
def test_codes_grown_in_parts_are_found_as_if_built_at_once(kind):
    codes = np.random.default_rng(0).integers(0, 256, (3000, 8), np.uint8)
    parts = NearestCodes.build(codes[:2000], kind)
    assert parts.takes(3000)
    assert not parts.takes(1000)
    parts.add(codes[2000:])
    whole = NearestCodes.build(codes, kind)
    assert len(parts) == len(whole) == 3000
    (distances, positions), (expected, _) = (x.search(codes[::500], 5) for x in (parts, whole))
    assert (distances == expected).all()
    assert (positions[:, 0] == np.arange(0, 3000, 500)).all()


def test_cells_are_made_anew_when_they_are_outgrown():
    """1,000 codes make 32 cells; they do for up to four times 32 x 32 codes, less than 4,096."""
    codes = np.random.default_rng(0).integers(0, 256, (1000, 8), np.uint8)
    assert NearestCodes.build(codes, "ivf").takes(4095)
    assert not NearestCodes.build(codes, "ivf").takes(4096)
    assert not NearestCodes.build(codes[:999], "ivf").takes(1000)  # no cells yet
    assert NearestCodes.build(codes[:999], "ivf").takes(999)
    assert NearestCodes.build(codes, "hnsw").takes(10**9)
