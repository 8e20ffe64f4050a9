import numpy as np

from hie_cli.reporting.intervals import intervals, runs


def test_runs_by_hand():
    assert runs([]) == []
    assert runs([0, 1, 2, 5, 6, 9]) == [(0, 2), (5, 6), (9, 9)]
    assert runs([0, 5, 10, 20], 5) == [(0, 10), (20, 20)]


def test_intervals_bridge_short_pauses():
    rows = np.array([0, 1, 2, 3, 4, 9, 10])
    active = np.array([1, 1, 0, 1, 0, 1, 1], bool)
    assert intervals(rows, np.zeros(7, bool), 5) == []
    assert [part.tolist() for part in intervals(rows, active, 2)] == [[0, 1, 3], [5, 6]]
    assert [part.tolist() for part in intervals(rows, active, 6)] == [[0, 1, 3, 5, 6]]
