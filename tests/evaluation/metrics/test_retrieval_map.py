"""Mean average precision in both readings."""

import numpy as np
import pytest

from hie_cli.evaluation.metrics.retrieval_map import average_precision, retrieval_map


def test_both_divisors():
    """Hits at ranks 1 and 3: precisions 1 and 2/3, sum 5/3. Published / 2, usual / min(5, 4)."""
    published, usual = average_precision(np.array([1, 0, 1, 0, 0], bool), 4)
    assert published == pytest.approx(5 / 3 / 2)  # .8333
    assert usual == pytest.approx(5 / 3 / 4)  # .4167


def test_codes_equal_to_centers_rank_perfectly():
    labels = np.array([0, 0, 1, 1, 2])
    distances = (labels[:3, None] != labels[None]) * 8
    found = retrieval_map(distances, labels[:3, None] == labels[None])
    assert (found.published, found.usual, found.queries) == (1, 1, 3)


def test_ties_keep_the_order_of_the_database():
    found = retrieval_map(np.zeros((1, 3), int), np.array([[False, True, False]]))
    assert found.published == pytest.approx(1 / 2)


def test_a_query_without_relevant_items_counts_zero():
    found = retrieval_map(np.array([[0, 1], [0, 1]]), np.array([[True, False], [False, False]]))
    assert (found.published, found.without_relevant) == (0.5, 1)


def test_only_the_first_returned_count():
    """Of 3 relevant, R = 2 returned, one of them relevant at rank 1: 1 / 1 and 1 / min(2, 3)."""
    relevance = np.array([[True, False, True, True]])
    found = retrieval_map(np.arange(4)[None], relevance, returned=2)
    assert (found.published, found.usual) == (1, 0.5)
