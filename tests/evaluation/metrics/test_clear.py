"""CLEAR by hand: small worlds in which every count can be read off."""

import numpy as np
import pytest

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.types import FramePeople
from hie_cli.evaluation.metrics import box_tracking, clear
from hie_cli.evaluation.metrics.accumulators import pooled
from hie_cli.evaluation.sequence_pairs import box_pairs, matrix_pairs
from tests.support.annotated_crowds import annotations, people

A, B = [0, 0, 10, 20], [100, 0, 110, 20]


def world(*frames):
    """Frames of ({true id: box}, {predicted id: box}); either side may be None = unannotated."""
    truth, found = [], []
    for t, (true, predicted) in enumerate(frames):
        boxes = true or {}
        truth.append(annotations(list(boxes.values()), list(boxes), annotated=true is not None))
        found.append(FramePeople(t, people(list(predicted.values()), list(predicted))))
    return clear.accumulate(box_pairs(TruthSequence("w", tuple(truth)), found))


def test_empty():
    sums = world()
    assert (sums.tp, sums.fn, sums.fp, sums.idsw, sums.mt, sums.ml) == (0, 0, 0, 0, 0, 0)
    assert (sums.mota, sums.motp, sums.recall, sums.precision) == (0, 0, 0, 0)


def test_person_zero_is_somebody():
    sums = world(({0: A}, {0: A}))
    assert (sums.tp, sums.fn, sums.fp, sums.mota) == (1, 0, 0, 1)


def test_misses_false_positives_and_a_switch():
    sums = world(
        ({1: A, 2: B}, {5: A, 6: B}),
        ({1: A, 2: B}, {7: A, 6: B}),  # 1 switches from 5 to 7
        ({1: A, 2: B}, {7: A}),  # 2 is missed
        ({1: A, 2: B}, {7: A, 6: B, 9: [50, 0, 60, 20]}),  # 9 is nobody; 2 goes on: a fragment
    )
    assert (sums.tp, sums.fn, sums.fp, sums.idsw, sums.frag) == (7, 1, 1, 1, 1)
    assert sums.mota == 1 - (1 + 1 + 1) / 8  # misses + false positives + switches over truth
    assert sums.motp == 1
    assert (sums.recall, sums.precision) == (7 / 8, 7 / 8)


def test_motp_is_the_mean_overlap():
    half = [0, 0, 10, 10]  # IoU with A: 100 / 200
    sums = world(({1: A, 2: B}, {1: half, 2: B}))
    assert sums.tp == 2  # 0.5 is enough
    assert sums.motp == (0.5 + 1) / 2
    assert world(({1: A}, {1: [0, 0, 10, 9.9]})).tp == 0


def test_last_match_is_kept_before_a_better_one():
    near = [0, 0, 10, 14]  # IoU 140 / 200 with A
    sums = world(({1: A}, {5: A}), ({1: A}, {5: near, 6: A}))
    assert (sums.idsw, sums.fp) == (0, 1)
    assert sums.motp == (1 + 0.7) / 2


def test_a_frame_without_predictions_does_not_break_the_chain():
    near = [0, 0, 10, 14]
    sums = world(({1: A}, {5: A}), ({1: A}, {}), ({1: A}, {5: near, 6: A}))
    assert (sums.idsw, sums.fn, sums.frag) == (0, 1, 0)


def test_tracks_by_how_much_of_them_is_followed():
    def followed(times, of=10):
        return world(*(({1: A}, {5: A} if t < times else {8: B}) for t in range(of)))

    counts = {n: (followed(n).mt, followed(n).pt, followed(n).ml) for n in (1, 2, 8, 9)}
    assert counts == {1: (0, 0, 1), 2: (0, 1, 0), 8: (0, 1, 0), 9: (1, 0, 0)}  # > 80 %, >= 20 %


def test_switches_of_disconnected_tracks_in_both_readings():
    sums = world(
        # Track 1 is away in frame 2; track 2 is always there.
        ({1: A, 2: B}, {5: A, 6: B}),
        ({1: A, 2: B}, {7: A, 8: B}),  # both switch; 1's switch is not across its gap
        ({2: B}, {8: B}),
        ({1: A, 2: B}, {9: A, 8: B}),  # 1 switches across its gap
    )
    assert sums.idsw == 3
    assert sums.idsw_dt_track == 2  # all switches of track 1
    assert sums.idsw_dt_gap == 1
    truth = 7
    assert sums.mota == pytest.approx(1 - 3 / truth)
    assert sums.w_mota() == pytest.approx(1 - (3 + (2 - 1) * 2) / truth)
    assert sums.w_mota(gamma=4, reading="gap") == pytest.approx(1 - (3 + (4 - 1) * 1) / truth)
    assert sums.w_mota(gamma=1) == sums.mota


def test_a_frame_of_an_ignored_box_disconnects_its_track_or_not():
    # Person 1 switches from 5 to 7 across frame 1, where its box has flag 0.
    box = [[0, 0, 10, 20]]
    truth = TruthSequence(
        "w", tuple(annotations(box, [1], [flag0]) for flag0 in (False, True, False))
    )
    found = [FramePeople(0, people(box, [5])), FramePeople(2, people(box, [7]))]
    missing = box_tracking.accumulate(truth, found).clear
    there = box_tracking.accumulate(truth, found, ignored="there").clear
    assert (missing.idsw, missing.idsw_dt_track, missing.idsw_dt_gap) == (1, 1, 1)
    assert (there.idsw, there.idsw_dt_track, there.idsw_dt_gap) == (1, 0, 0)
    assert (there.w_mota(), missing.w_mota()) == (1 - 1 / 2, 1 - (1 + 1) / 2)


def test_a_track_can_lack_a_box_beside_an_ignored_one():
    box = [[0, 0, 10, 20]]
    nobody = annotations([])
    frames = (annotations(box, [1]), annotations(box, [1], [True]), nobody, annotations(box, [1]))
    found = [FramePeople(0, people(box, [5])), FramePeople(3, people(box, [7]))]
    there = box_tracking.accumulate(TruthSequence("w", frames), found, ignored="there").clear
    assert (there.idsw_dt_track, there.idsw_dt_gap) == (1, 1)


def test_an_ignored_or_unlabelled_frame_is_no_gap_of_its_own():
    # Frame 1 was not labelled: neither its predictions nor the missing box count.
    sums = world(({1: A}, {5: A}), (None, {5: A, 6: B}), ({1: A}, {7: A}))
    assert (sums.frames, sums.fp, sums.idsw, sums.idsw_dt_track) == (2, 0, 1, 0)


def test_a_missed_box_is_no_gap():
    sums = world(({1: A}, {5: A}), ({1: A}, {9: B}), ({1: A}, {7: A}))
    assert (sums.idsw, sums.frag, sums.idsw_dt_track, sums.idsw_dt_gap) == (1, 1, 0, 0)


def test_sums_add_up():
    one = world(({1: A}, {5: A}))
    two = world(({1: A, 2: B}, {5: A}))
    both = pooled([one, two])
    assert (both.tp, both.fn, both.frames) == (2, 1, 2)
    assert both.mota == 1 - 1 / 3


def test_any_similarity_will_do():
    frames = [(0, np.array([1, 2]), np.array([8]), np.array([[0.4], [0.6]]))]
    sums = clear.accumulate(matrix_pairs("x", frames))
    assert (sums.tp, sums.fn, sums.fp, sums.motp) == (1, 1, 0, 0.6)
    strict = clear.accumulate(matrix_pairs("x", frames), threshold=0.7)
    assert (strict.tp, strict.fn, strict.fp) == (0, 2, 1)
