import numpy as np

from hie_cli.reporting.lanes import acts, coded, curves, lanes, sampled
from tests.support.people_tables import box, table


def test_acts_by_hand():
    times, best = np.array([0, 2, 4, 10]), np.array([5, 5, 7, 7])
    assert acts(times, best, 2, 11) == [(0, 3, 5), (4, 5, 7), (10, 11, 7)]
    assert acts(times, best, 6, 20) == [(0, 3, 5), (4, 15, 7)], "10 goes on for 6 rows"
    assert acts(times[:0], best[:0], 1, 0) == []


def test_samples_and_scores():
    assert sampled(np.array([0, 1, 5, 6, 11]), 5) == [0, 2, 4]
    assert coded(np.array([[0.0, 1.0, 0.5]])) == "0_W"  # 0, 63 and 32 of 63


def test_a_lane():
    people = [(t, 7, box(20 + 4 * t, 200), "walking-alone") for t in range(30) if t not in (9, 10)]
    told = table(people)
    (lane,) = lanes(told, np.where(np.arange(len(told.boxes)) < 9, np.nan, 1.0))
    assert lane["id"] == 7
    assert lane["runs"] == [(0, 8), (11, 29)]
    assert lane["acts"] == [(0, 8, 0), (11, 29, 0)]
    assert lane["speed"] == 1.0
    assert lane["at"] == [0, 5, 11, 16, 21, 26]  # half a second, at ten frames each
    assert len(lane["scores"]) == 14 * len(lane["at"])


def test_without_actions_and_without_anybody():
    told = table([(t, 0, box(50, 90), "") for t in range(9)], actions=False)
    (lane,) = lanes(told, np.full(9, np.nan))
    assert lane["speed"] is None
    assert (lane["acts"], lane["at"], lane["scores"]) == ([], [], "")
    assert lanes(table([]), np.zeros(0)) == []
    assert curves(table([], frames=2)) == {"at": [0, 1], "people": [0, 0], "near": [0.0, 0.0]}
