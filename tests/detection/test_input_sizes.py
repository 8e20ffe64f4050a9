import numpy as np
import pytest

from hie_cli.core.types import People
from hie_cli.detection.box_fusion import ALWAYS, ViewDetections
from hie_cli.detection.input_sizes import DetectorRun, affordable, agreement, choose, cost


def people(*rows):
    a = np.array(rows, float).reshape(-1, 5)
    return People(a[:, :4], a[:, 4])


def votes(*parts):
    return [ViewDetections(part, ALWAYS) for part in parts]


A, B = (0, 0, 10, 20, 0.8), (30, 0, 40, 20, 0.8)


def test_cost_is_megapixels_times_the_network_s_rate():
    # 768 x 576 scaled to 384: 384 x 288 = 0.110592 megapixels.
    assert cost(1.0, 384, (768, 576)) == pytest.approx(0.110592)
    assert cost(3.3, 384, (768, 576)) == pytest.approx(3.3 * 0.110592)


def test_a_network_at_its_own_size_takes_nothing_from_the_budget():
    assert cost(7.0, None, (768, 576)) == 0


def test_agreement_hand_worked():
    assert agreement(People.empty(), People.empty()) == 1
    assert agreement(people(A), People.empty()) == 0
    assert agreement(people(A), people(A)) == pytest.approx(1)
    # One of two found: 0.8 shared of 0.8 + 1.6 - 0.8.
    assert agreement(people(A), people(A, B)) == pytest.approx(0.8 / 1.6)
    # Shifted by 2 of 10: IoU 8 / 12, counted at its overlap.
    moved = people((2, 0, 12, 20, 0.8))
    assert agreement(moved, people(A)) == pytest.approx(0.8 * (8 / 12) / 0.8)


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
    assert choose(views, votes(people(A), people(A, B)), 0.2, 0.55) == [views[1]]
    assert choose(views, votes(people(A, B), people(A)), 0.2, 0.55) == [views[0]]


def test_of_equal_views_the_cheaper_is_chosen_and_no_second():
    views = [DetectorRun(0, 256, 0.1), DetectorRun(0, 512, 0.2)]
    assert choose(views, votes(people(A, B), people(A, B)), 9.0, 0.55) == [views[0]]


def test_every_model_gets_a_view_and_room_is_left_for_it():
    views = [
        DetectorRun(0, 256, 0.1),
        DetectorRun(0, 512, 0.9),
        DetectorRun(1, 256, 0.3),
        DetectorRun(1, 512, 1.0),
    ]
    seen = votes(people(A), people(A, B), people(A), people(A, B))
    chosen = choose(views, seen, 1.0, 0.55)
    assert {v.model for v in chosen} == {0, 1}
    assert sum(v.cost for v in chosen) <= 1.0


def test_a_second_size_is_bought_for_people_the_first_misses():
    views = [DetectorRun(0, 256, 0.1), DetectorRun(0, 512, 0.2)]
    chosen = choose(views, votes(people(A), people(B)), 1.0, 0.55)
    assert chosen == views
    assert len(choose(views, votes(people(A), people(B)), 0.2, 0.55)) == 1


def test_nobody_in_sight_takes_the_middle_size():
    views = [DetectorRun(0, side, 0.1) for side in (256, 512, 768)]
    assert choose(views, votes(*[People.empty()] * 3), 1.0, 0.55) == [views[1]]


def test_a_view_that_brings_poses_spares_their_crops():
    pose = {"keypoints": np.zeros((2, 14, 2)), "keypoint_scores": np.full((2, 14), 0.9)}
    both = people(A, B)
    views = [DetectorRun(0, 256, 0.1), DetectorRun(1, 256, 0.1), DetectorRun(1, 512, 0.3)]
    seen = votes(
        both,
        both[:0].replace(keypoints=np.zeros((0, 14, 2)), keypoint_scores=np.zeros((0, 14))),
        both.replace(**pose),
    )
    # 0.2 units dearer, but two people's crops (2 x 0.2 units) are spared.
    assert views[2] in choose(views, seen, 1.0, 0.55)
