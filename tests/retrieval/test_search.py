"""What is nearest to several queries."""

import numpy as np

from hie_cli.retrieval.search import _best_query


def test_the_nearest_query_of_each_position():
    """Position 4 is 3 bits from query 0 and 2 from query 1; 7 as far from both: the first."""
    distances = np.array([[3, 5, 9], [2, 5, 9]], np.int32)
    positions = np.array([[4, 7, -1], [4, 7, 2]], np.int64)
    places, least, which = _best_query(distances, positions)
    assert (places.tolist(), least.tolist(), which.tolist()) == ([2, 4, 7], [9, 2, 5], [1, 1, 0])
