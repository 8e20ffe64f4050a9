"""Identity metrics by hand."""

import numpy as np

from hie_cli.evaluation.metrics import identity
from hie_cli.evaluation.sequence_pairs import matrix_pairs


def sums_of(*frames):
    """Frames of (true ids, predicted ids); equal positions overlap fully."""
    items = []
    for index, (true, predicted) in enumerate(frames):
        similarity = np.zeros((len(true), len(predicted)))
        np.fill_diagonal(similarity, 1)
        items.append((index, np.array(true, int), np.array(predicted, int), similarity))
    return identity.accumulate(matrix_pairs("x", items))


def test_empty():
    sums = sums_of()
    assert (sums.idtp, sums.idfp, sums.idfn, sums.idf1) == (0, 0, 0, 0)
    assert sums_of(([], [])).idf1 == 0


def test_the_longer_part_of_a_broken_track_counts():
    # True track 0 is called 5, 5, 5, 6: mapped to 5, three boxes are right, one is not.
    sums = sums_of(([0], [5]), ([0], [5]), ([0], [5]), ([0], [6]))
    assert (sums.idtp, sums.idfp, sums.idfn) == (3, 1, 1)
    assert sums.idf1 == 3 / (3 + 0.5 * 1 + 0.5 * 1)
    assert (sums.idp, sums.idr) == (3 / 4, 3 / 4)


def test_each_track_is_mapped_once():
    # Both true tracks meet 5; it can stand for one of them, better for track 1 (2 of 3 boxes).
    sums = sums_of(([0], [5]), ([1], [5]), ([1], [5]))
    assert (sums.idtp, sums.idfp, sums.idfn) == (2, 1, 1)


def test_threshold():
    frame = [(0, np.array([0]), np.array([0]), np.array([[0.5]]))]
    assert identity.accumulate(matrix_pairs("x", frame)).idtp == 1
    assert identity.accumulate(matrix_pairs("x", frame), threshold=0.51).idtp == 0
