import numpy as np
import pytest

from hie_cli.core.types import People
from hie_cli.detection.box_fusion import ALWAYS, RecallByHeight, ViewDetections, person_scores
from hie_cli.detection.input_sizes import (
    DetectorRun,
    Probe,
    affordable,
    choose,
    cost,
    probe,
    soft_average_precision,
    worth,
)
from tests.support.found_boxes import people

A, B = (0, 0, 10, 20, 0.8), (30, 0, 40, 20, 0.8)


def chosen(views, *parts, budget=9.0, posing=()):
    seen = probe([ViewDetections(part, ALWAYS) for part in parts], 0.55)
    return choose(views, [seen], budget, frozenset(posing), 0.15)


def test_cost_is_megapixels_times_the_network_s_rate():
    # 768 x 576 scaled to 384: 384 x 288 = 0.110592 megapixels.
    assert cost(1.0, 384, (768, 576)) == pytest.approx(0.110592)
    assert cost(3.3, 384, (768, 576)) == pytest.approx(3.3 * 0.110592)


def test_a_network_at_its_own_size_takes_nothing_from_the_budget():
    assert cost(7.0, None, (768, 576)) == 0


def test_soft_average_precision_hand_worked():
    truth = np.array([0.9, 0.1, 0.5])
    # In the order of truth: precision 0.9, (0.9 + 0.5) / 2, 1.5 / 3 at recalls of 0.9, 0.5, 0.1.
    best = (0.9 * 0.9 + 0.7 * 0.5 + 0.5 * 0.1) / 1.5
    assert soft_average_precision(np.array([0.9, 0.2, 0.5]), truth) == pytest.approx(best)
    # The third is missed, the doubtful one comes first: interpolated precision is 1 / 2 for both.
    assert soft_average_precision(np.array([0.5, 0.9, 0.0]), truth) == pytest.approx(
        (0.5 * 0.1 + 0.5 * 0.9) / 1.5
    )


def test_a_probe_keeps_one_of_two_clusters_that_overlap():
    double = people((0, 0, 10, 20, 0.8), (1, 0, 11, 20, 0.6))  # IoU 9 / 11
    seen = probe([ViewDetections(double, ALWAYS)], 0.55)
    assert seen.mass == pytest.approx(0.8)
    assert seen.people == 1


def test_worth_is_precision_times_promised_recall_and_poses():
    seen = Probe(np.array([0.8, 0.8]), np.array([[0.8, 0.8], [0.0, 0.8]]), np.full((2, 2), 0.5))
    # View 0 finds one of two, at precision 0.8: 0.8 x 0.8 / 1.6. Its recall promises 0.8 x 0.5.
    assert worth([seen], [0], np.array([False, False]), 0.15) == pytest.approx(0.4 * 0.4)
    assert worth([seen], [0], np.array([True, False]), 0.15) == pytest.approx(
        0.4 * 0.4 + 0.15 * 0.5
    )
    # Both find everybody at precision 0.8, and 1 - (1 - 0.4)^2 is promised.
    assert worth([seen], [0, 1], np.array([False, True]), 0.15) == pytest.approx(0.8 * 0.64 + 0.15)
    nobody = Probe(np.zeros(0), np.zeros((0, 2)), np.zeros((0, 2)))
    assert worth([seen, nobody], [0], np.array([False, False]), 0.15) == pytest.approx(0.4 * 0.4)


def test_affordable_keeps_each_model_s_cheapest():
    views = [
        DetectorRun(0, 256, 0.1),
        DetectorRun(0, 512, 3.0),
        DetectorRun(1, 256, 5.0),
        DetectorRun(1, 512, 9.0),
    ]
    assert affordable(views, 1.0) == [views[0], views[2]]


def test_the_view_that_sees_what_all_see_is_chosen():
    views = [DetectorRun(0, 256, 0.1), DetectorRun(0, 512, 0.2)]
    assert chosen(views, people(A), people(A, B), budget=0.2) == [views[1]]
    assert chosen(views, people(A, B), people(A), budget=0.2) == [views[0]]


def test_a_view_that_is_surer_of_ghosts_than_of_people_is_not_chosen():
    doubtful = [(*box[:4], 0.3) for box in (A, B)]
    ghosts = people(*doubtful, (60, 0, 70, 20, 0.5), (90, 0, 99, 20, 0.5))
    views = [DetectorRun(0, 256, 0.1), DetectorRun(0, 384, 0.1), DetectorRun(0, 512, 0.1)]
    assert chosen(views, ghosts, people(A, B), people(A), budget=0.1) == [views[1]]


def test_of_equal_views_the_cheaper_is_chosen_and_no_dear_second():
    views = [DetectorRun(0, 256, 0.1), DetectorRun(0, 512, 20.0)]
    assert chosen(views, people(A, B), people(A, B), budget=30.0) == [views[0]]


def test_the_table_of_recall_decides_between_views_that_saw_the_same():
    views = [DetectorRun(0, 256, 0.1), DetectorRun(0, 512, 0.1)]
    blind = RecallByHeight(np.array([10.0]), np.array([0.2]))
    seen = probe([ViewDetections(people(A), blind), ViewDetections(people(A), ALWAYS)], 0.55)
    assert choose(views, [seen], 0.1) == [views[1]]


def test_every_model_gets_a_view_and_room_is_left_for_it():
    views = [
        DetectorRun(0, 256, 0.1),
        DetectorRun(0, 512, 0.9),
        DetectorRun(1, 256, 0.3),
        DetectorRun(1, 512, 1.0),
    ]
    found = chosen(views, people(A), people(A, B), people(A), people(A, B), budget=1.0)
    assert {v.model for v in found} == {0, 1}
    assert sum(v.cost for v in found) <= 1.0


def test_a_model_that_is_dearer_than_the_budget_still_runs_at_its_cheapest():
    views = [DetectorRun(0, 256, 0.1), DetectorRun(1, 256, 5.0), DetectorRun(1, 512, 9.0)]
    assert chosen(views, people(A), people(A), people(A), budget=1.0) == views[:2]


def test_a_model_of_fixed_size_always_runs():
    views = [DetectorRun(0, 256, 0.1), DetectorRun(0, 512, 0.2), DetectorRun(1, None, 0.0)]
    assert chosen(views, people(A), people(A, B), people(A), budget=0.2) == views[1:]


def test_a_second_size_is_bought_for_people_the_first_misses():
    views = [DetectorRun(0, 256, 0.1), DetectorRun(0, 512, 0.2)]
    assert chosen(views, people(A), people(B), budget=1.0) == views
    assert len(chosen(views, people(A), people(B), budget=0.2)) == 1


def test_no_network_looks_at_more_sizes_than_are_allowed():
    sides = (256, 384, 512, 640)
    views = [DetectorRun(0, side, 0.1) for side in sides] + [DetectorRun(0, 512, 0.1, turns=1)]
    parts = [people((60 * k, 0, 60 * k + 10, 20, 0.8)) for k in range(5)]  # one person each
    seen = probe([ViewDetections(part, ALWAYS) for part in parts], 0.55)
    assert choose(views, [seen], 9.0, most_sizes=5) == views
    found = choose(views, [seen], 9.0, most_sizes=2)
    assert sum(view.turns == 0 for view in found) == 2
    assert views[4] in found  # a turned image is another look


def test_nobody_in_sight_takes_the_middle_upright_size():
    views = [DetectorRun(0, side, 0.1) for side in (256, 512, 768)]
    sideways = DetectorRun(0, 512, 0.1, turns=1)
    nobody = [People.empty()] * 4
    assert chosen([*views, sideways], *nobody, budget=1.0) == [views[1]]


def test_a_view_that_finds_people_with_poses_is_worth_more():
    both = people(A, B)
    views = [DetectorRun(0, 256, 0.1), DetectorRun(1, 256, 0.1), DetectorRun(1, 512, 2.0)]
    seen = [both, people((*A[:4], 0.3)), both]
    assert views[2] in chosen(views, *seen, posing=[1], budget=2.1)
    assert views[2] not in chosen(views, *seen, budget=2.1)


def test_scores_of_persons_hand_worked():
    # Mean of 0.8 and 0; 1 - (1 - 0.8): the odds 2/3 and 4 have the geometric mean sqrt(8 / 3).
    odds = np.sqrt(0.4 / 0.6 * 0.8 / 0.2)
    assert person_scores(np.array([[0.8, 0.0]]), np.ones((1, 2)))[0] == pytest.approx(
        odds / (1 + odds), abs=1e-5
    )
