"""Pose MOTA by hand, against a slow reading of PoseTrack's protocol on motmetrics, and its laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.errors import InputError
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation.metrics import pose_mota
from hie_cli.evaluation.metrics.accumulators import pooled
from tests.support.annotated_crowds import annotations, crowd, people
from tests.support.poseval_reference import reference_sums

WIDTH, HEIGHT = 30, 40  # diagonal 50: a joint is right within 0.5 * 0.6 * 50 = 15 px


def pose(x):
    """All 14 joints of a person whose box begins at ``x``."""
    return np.stack([np.full(14, x + 15.0), np.linspace(2, 38, 14)], axis=1)


def world(*frames, compat="none", **options):
    """Frames of ({true id: x}, {predicted id: x}); predicted joints lie where x says."""
    truth, found = [], []
    for t, (true, seen) in enumerate(frames):
        boxes = [[x, 0, x + WIDTH, HEIGHT] for x in true.values()]
        keypoints = np.array([pose(x) for x in true.values()]).reshape(-1, 14, 2)
        truth.append(annotations(boxes, list(true), keypoints=keypoints))
        points = np.array([pose(x) for x in seen.values()]).reshape(-1, 14, 2)
        boxes = [[x, 0, x + WIDTH, HEIGHT] for x in seen.values()]
        found.append(
            FramePeople(
                t,
                people(
                    boxes,
                    list(seen),
                    keypoints=points,
                    keypoint_scores=np.ones((len(points), 14)),
                ),
            )
        )
    return pose_mota.accumulate(TruthSequence("w", tuple(truth)), found, compat=compat, **options)


def counts(sums):
    """(objects, predictions, detections, switches) of every joint, all joints being alike here."""
    stacked = [sums.objects, sums.predictions, sums.detections, sums.switches]
    assert all((row == row[0]).all() for row in stacked)
    return tuple(int(row[0]) for row in stacked)


def test_nobody():
    sums = world()
    assert counts(sums) == (0, 0, 0, 0)
    assert np.isnan(pose_mota.total(sums.mota()))
    assert counts(world(({}, {}))) == (0, 0, 0, 0)
    assert counts(world(compat="poseval")) == (0, 0, 0, 0)


def test_perfect():
    sums = world(*[({0: 0, 1: 100}, {7: 0, 8: 100})] * 3)
    assert counts(sums) == (6, 6, 6, 0)
    assert (sums.mota() == 1).all()
    assert (sums.motp() == 1).all()
    assert (sums.precision() == 1).all()
    assert (sums.recall() == 1).all()


def test_misses_false_positives_switches_and_precision():
    sums = world(
        ({1: 0, 2: 100}, {5: 0, 6: 100}),
        ({1: 0, 2: 100}, {7: 0, 6: 106}),  # 1 switches to 7; 2 is 6 / 30 off
        ({1: 0, 2: 100}, {7: 0, 9: 300}),  # 2 is missed, 9 is nobody
    )
    assert counts(sums) == (6, 6, 5, 1)
    assert sums.mota()[0] == pytest.approx(1 - (1 + 1 + 1) / 6)
    assert sums.motp()[0] == pytest.approx(1 - (6 / 30) / 5)
    assert (sums.precision()[0], sums.recall()[0]) == (5 / 6, 5 / 6)
    assert pose_mota.total(sums.mota()) == pytest.approx(1 - 3 / 6)


def test_alpha():
    edge = ({1: 0}, {5: 15})  # 15 px = 0.5
    assert counts(world(edge))[2] == 1
    assert counts(world(edge, alpha=0.49))[2] == 0


def test_the_last_match_is_kept_over_any_gap():
    # Person 1 was matched to 5. Two frames later 6 is nearer, but 5 is still right.
    sums = world(({1: 0}, {5: 0}), ({}, {}), ({1: 0}, {6: 1, 5: 9}))
    assert counts(sums) == (2, 3, 2, 0)
    assert sums.distance[0] == pytest.approx(9 / 30)


def test_two_persons_last_matched_to_one_track():
    # 5 follows 1, then 2; when both are back, the first of them in the file keeps it.
    sums = world(
        ({1: 0}, {5: 0}),
        ({2: 0}, {5: 0}),
        ({1: 0, 2: 4}, {5: 2, 6: 3}),
    )
    # 1 keeps 5; 2 is left with 6: a switch.
    assert counts(sums) == (4, 4, 4, 1)


def test_most_matches_come_before_short_distances():
    # Prediction 6 is nearest to 1 but the only one near 2; 5 reaches 1 alone.
    sums = world(({1: 0, 2: 20}, {5: -10, 6: 8}))
    assert counts(sums) == (2, 2, 2, 0)
    assert sums.distance[0] == pytest.approx((10 + 12) / 30)


def test_a_joint_without_truth_or_without_a_match():
    keypoints = np.full((1, 14, 2), np.nan)
    keypoints[0, :2] = [[5, 5], [9, 9]]
    truth = TruthSequence("w", (annotations([[0, 0, 30, 40]], keypoints=keypoints),))
    points = keypoints.copy()
    points[0, 1] += 100  # joint 1 is far off, joint 0 exact
    found = people([[0, 0, 30, 40]], [3], keypoints=points, keypoint_scores=np.ones((1, 14)))
    sums = pose_mota.accumulate(truth, [FramePeople(0, found)])
    assert sums.mota()[:2].tolist() == [1, 1 - (1 + 1) / 1]  # missed and false
    assert np.isnan(sums.mota()[2:]).all()
    assert sums.motp()[:2].tolist() == [1, 0]
    assert np.isnan(sums.motp()[2:]).all()
    assert pose_mota.total(sums.motp()) == 1 / 2
    assert pose_mota.total(sums.motp("poseval")) == 1 / 14  # absent joints count as 0 there
    assert pose_mota.total(sums.mota()) == (1 + -1) / 2


# What poseval gets wrong, each beside the right count.
GOOD = ({1: 0}, {5: 0})


def test_poseval_drops_the_last_frame():
    assert counts(world(GOOD, GOOD, GOOD)) == (3, 3, 3, 0)
    assert counts(world(GOOD, GOOD, GOOD, compat="poseval")) == (2, 2, 2, 0)


def test_poseval_counts_a_frame_without_predictions_as_one_person_missed_and_one_invented():
    empty = ({1: 0, 2: 100, 3: 200}, {})
    assert counts(world(GOOD, empty, GOOD)) == (5, 2, 2, 0)  # three are missed, nobody is false
    assert counts(world(GOOD, empty, GOOD, compat="poseval")) == (1 + 1, 1 + 1, 1, 0)


def test_poseval_forgives_false_positives_where_nobody_is():
    alone = ({}, {5: 0, 6: 100})
    assert counts(world(GOOD, alone, GOOD)) == (2, 4, 2, 0)
    assert counts(world(GOOD, alone, GOOD, compat="poseval")) == (1, 1, 1, 0)


def test_poseval_drops_the_last_frame_that_has_people():
    frames = GOOD, GOOD, ({}, {5: 0})
    assert counts(world(*frames, compat="poseval")) == (1, 1, 1, 0)


@pytest.mark.parametrize("compat", ["none", "poseval"])
@pytest.mark.parametrize("seed", range(6))
def test_equals_the_reference(seed, compat):
    size = (200.0, 60.0)[seed % 2]  # sparse and dense
    truth, found = crowd(seed, 15, 4 + seed, size=size, joints=True, unannotated=0.1)
    sums = pose_mota.accumulate(truth, found, compat=compat)
    ours = [sums.objects, sums.predictions, sums.detections, sums.switches, sums.distance]
    np.testing.assert_allclose(ours, reference_sums(truth, found, compat=compat), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 5),
    st.integers(1, 6),
    st.sampled_from(["none", "poseval"]),
    st.sampled_from([0.2, 0.5, 1.0]),
)
def test_equals_the_reference_on_small_worlds(seed, persons, frames, compat, alpha):
    truth, found = crowd(seed, frames, persons, size=40, joints=True, unannotated=0.2)
    sums = pose_mota.accumulate(truth, found, alpha, compat=compat)
    ours = [sums.objects, sums.predictions, sums.detections, sums.switches, sums.distance]
    np.testing.assert_allclose(ours, reference_sums(truth, found, alpha, compat), atol=1e-9)


def test_pooled_mota_weighs_sequences_by_their_joints():
    one, two = world(GOOD), world(({1: 0, 2: 100, 3: 200}, {5: 0}))
    assert pooled([one, two]).mota()[0] == 1 - 2 / 4


@pytest.mark.parametrize("seed", range(3))
def test_order_and_names_are_irrelevant(seed):
    truth, found = crowd(seed, joints=True)
    rng = np.random.default_rng(seed)
    names = rng.permutation(10**5)[:200]
    other = []
    for entry in found:
        mixed = entry.people[rng.permutation(len(entry.people))]
        other.append(FramePeople(entry.index, mixed.replace(track_ids=names[mixed.track_ids])))
    rng.shuffle(other)
    a, b = pose_mota.accumulate(truth, found), pose_mota.accumulate(truth, other)
    np.testing.assert_allclose(a.mota(), b.mota(), atol=1e-12)
    np.testing.assert_allclose(a.motp(), b.motp(), atol=1e-12)


def test_one_more_false_positive_only_hurts():
    before = world(*[GOOD] * 4)
    assert (before.mota() == 1).all()
    after = world(*[GOOD] * 3, ({1: 0}, {5: 0, 6: 500}))
    assert after.mota().tolist() == [3 / 4] * 14  # one false joint of each kind
    assert (after.motp() == before.motp()).all()


def test_missing_ids_are_named():
    keypoints = pose(0)[None]
    truth = TruthSequence("20", (annotations([[0, 0, 30, 40]], [1], keypoints=keypoints),))
    scores = np.ones((1, 14))
    nameless = people([[0, 0, 30, 40]], keypoints=keypoints, keypoint_scores=scores)
    with pytest.raises(InputError, match="20: frame 0: people without track ids"):
        pose_mota.accumulate(truth, [FramePeople(0, nameless)])
    bad = people([[0, 0, 30, 40]], [-1], keypoints=keypoints, keypoint_scores=scores)
    with pytest.raises(
        InputError, match="20: frame 0: a person of the predictions has no track id"
    ):
        pose_mota.accumulate(truth, [FramePeople(0, bad)])
    assert pose_mota.accumulate(truth, [FramePeople(0, People.empty())]).objects[0] == 1


def test_a_person_without_a_pose_needs_no_id():
    keypoints = np.stack([np.full((14, 2), np.nan), pose(0)])
    boxes = [[0, 0, 30, 40]] * 2
    truth = TruthSequence("a", (annotations(boxes, [-1, 2], keypoints=keypoints),))
    assert pose_mota.accumulate(truth, []).objects[0] == 1
