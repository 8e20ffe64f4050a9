"""Joint AP by hand, against an independently written slow reading of poseval, and by its laws."""

import numpy as np
import pytest

from hie_cli.core.annotations import Annotations
from hie_cli.core.types import People
from hie_cli.evaluation.metrics.pose_ap import PoseApConfig, collect_poses, mean_ap, pose_ap
from tests.support.poseval_reference import reference_ap

# One person: box 30 x 40, diagonal 50, reference length 0.6 * 50 = 30 px.
BOX = [0.0, 0.0, 30.0, 40.0]


def truth_of(*people, boxes=None, visibility=None):
    poses = np.array(people, float).reshape(-1, 14, 2)
    seen = np.where(np.isfinite(poses[..., 0]), 1, -1) if visibility is None else visibility
    return Annotations(
        np.array(boxes if boxes is not None else [BOX] * len(poses)).reshape(-1, 4),
        np.arange(len(poses)),
        np.zeros(len(poses), bool),
        poses,
        seen,
    )


def people_of(poses, joint_scores, scores=None):
    poses = np.array(poses, float).reshape(-1, 14, 2)
    n = len(poses)
    return People(
        np.zeros((n, 4)),
        np.ones(n) if scores is None else scores,
        None,
        poses,
        np.broadcast_to(np.array(joint_scores, float).reshape(n, -1) if n else 0.0, (n, 14)),
    )


def at(x, y=0.0):
    return [[x, y]] * 14


def run(frames, compat="none", **options):
    config = PoseApConfig(**options)
    return pose_ap([collect_poses(frames, config, compat)], config, compat)


def test_empty_truth_and_predictions_have_no_ap():
    result = run([(Annotations.empty(), People.empty())])
    assert np.isnan(result.ap).all()
    assert np.isnan(mean_ap(result.ap)).all()


def test_no_prediction_scores_zero():
    result = run([(truth_of(at(10)), People.empty())])
    assert (result.ap == 0).all()


def test_distance_is_in_units_of_six_tenths_of_the_diagonal():
    # The predicted joint is 18 px away: 18 / 30 = 0.6 of the reference length, right from 0.75 on.
    result = run([(truth_of(at(0)), people_of(at(18), [0.9]))])
    assert result.ap[:, 0].tolist() == [0.0, 1.0, 1.0]
    # 15 px are 0.5 exactly: the limit itself is right.
    assert run([(truth_of(at(0)), people_of(at(15), [0.9]))]).ap[0, 0] == 1.0


def test_ap_by_hand():
    # Three frames with one person each, ranked 0.9 right, 0.8 wrong (100 px off), 0.7 right.
    frames = [
        (truth_of(at(0)), people_of(at(0), [0.9])),
        (truth_of(at(0)), people_of(at(100), [0.8])),
        (truth_of(at(0)), people_of(at(0), [0.7])),
    ]
    # recall 1/3, 1/3, 2/3 at precision 1, 1/2, 2/3: area 1/3 * 1 + 1/3 * 2/3.
    assert run(frames).ap[0, 0] == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3)
    assert run(frames).precision[0, 0] == pytest.approx(2 / 3)
    assert run(frames).recall[0, 0] == pytest.approx(2 / 3)


def test_second_prediction_of_a_person_is_false():
    both = people_of([at(0), at(0)], [[0.9], [0.5]], scores=[0.1, 0.9])
    # Equally near, the better person is assigned; false 0.9 comes first: recall 1, precision 1/2.
    assert run([(truth_of(at(0)), both)]).ap[0, 0] == pytest.approx(1 / 2)
    # poseval assigns the first row, and the other is false.
    assert run([(truth_of(at(0)), both)], equal_poses="row").ap[0, 0] == 1.0
    assert run([(truth_of(at(0)), both)], compat="poseval").ap[0, 0] == 1.0


def test_perfect_poses_side_by_side():
    # 15 px apart with a reference length of 30: all joints of both are right for both.
    truth = truth_of(at(0), at(15))
    perfect = people_of([at(15), at(0)], [[0.9], [0.8]])
    assert (run([(truth, perfect)]).ap == 1.0).all()
    # poseval: both predictions stand for the first person, who takes the first row (0.9).
    assert run([(truth, perfect)], equal_poses="row").ap[0, 0] == pytest.approx(1 / 2)
    assert run([(truth, perfect)], compat="poseval").ap[0, 0] == pytest.approx(1 / 2)


def test_weighted_ap_by_hand():
    # Two frames, each one person. Frame 1 is three times as heavy through its anomalous class.
    fall = truth_of(at(0))
    fall = Annotations(
        fall.boxes, fall.track_ids, fall.ignore, fall.keypoints, fall.visibility, np.array([11])
    )
    frames = [(truth_of(at(0)), people_of(at(99), [0.9])), (fall, people_of(at(0), [0.5]))]
    # CI = 0 in both: w_0 = 2 e^0 + 0 = 2, w_1 = 2 e^0 + 1 = 3.
    # Ranked: false of weight 2, true of weight 3: recall 3/5 at precision 3/5.
    assert run(frames).weighted_ap[0, 0] == pytest.approx(3 / 5 * 3 / 5)
    assert run(frames).ap[0, 0] == pytest.approx(1 / 2 * 1 / 2)


def test_invisible_joints_do_not_count_as_truth():
    hidden = np.ones((1, 14), int)
    hidden[0, 0] = 0
    world = [(truth_of(at(0), visibility=hidden), people_of(at(0), [0.9]))]
    assert np.isnan(run(world).ap[0, 0])
    assert run(world, joints="annotated").ap[0, 0] == 1.0
    # The predicted nose has nothing to be right about: false, unless it is left out.
    visible = (truth_of(at(0)), people_of(at(0), [0.5]))
    assert run([*world, visible]).ap[0, 0] == pytest.approx(1 / 2)
    assert run([*world, visible], unseen="ignore").ap[0, 0] == 1.0


def test_poseval_drops_frames_without_truth_and_their_false_positives():
    frames = [
        (truth_of(at(0)), people_of(at(0), [0.5])),
        (Annotations.empty(), people_of(at(0), [0.9])),
    ]
    assert run(frames).ap[0, 0] == pytest.approx(1 / 2)
    assert run(frames, compat="poseval").ap[0, 0] == 1.0


def test_poseval_counts_a_joint_that_nobody_has_as_zero():
    pose = np.array(at(0))
    pose[0] = np.nan
    frames = [(truth_of(pose), people_of([pose], [0.9]))]
    assert mean_ap(run(frames).ap)[0] == 1.0
    assert mean_ap(run(frames, compat="poseval").ap)[0] == pytest.approx(13 / 14)


def test_unannotated_frames_are_never_scored():
    unlabelled = Annotations.empty(annotated=False)
    frames = [
        (truth_of(at(0)), people_of(at(0), [0.5])),
        (unlabelled, people_of(at(0), [0.9])),
    ]
    assert run(frames).ap[0, 0] == 1.0


def crowd(seed, frames=6):
    """Random people with missing joints, misses, false positives and duplicates."""
    rng = np.random.default_rng(seed)
    world = []
    for _ in range(frames):
        g = int(rng.integers(0, 5))
        corner = rng.uniform(0, 120, (g, 2))
        size = rng.uniform(20, 60, (g, 2))
        boxes = np.concatenate([corner, corner + size], 1)
        poses = corner[:, None] + rng.random((g, 14, 2)) * size[:, None]
        poses[rng.random((g, 14)) < 0.2] = np.nan
        found = poses[rng.random(g) < 0.9]
        found = np.concatenate([found, found[rng.random(len(found)) < 0.3]])
        found = found + rng.normal(0, 12, found.shape)
        found = np.concatenate([found, rng.uniform(0, 150, (int(rng.integers(0, 3)), 14, 2))])
        found[rng.random(found.shape[:2]) < 0.15] = np.nan
        order = rng.permutation(len(found))
        people = people_of(found[order], rng.random((len(found), 14)), rng.random(len(found)))
        world.append((truth_of(*poses, boxes=boxes), people))
    return world


@pytest.mark.parametrize("seed", range(25))
def test_equals_the_slow_reading_of_poseval(seed):
    world = crowd(seed)
    got = run(world, compat="poseval")
    for k, alpha in enumerate((0.5, 0.75, 0.9)):
        np.testing.assert_allclose(got.ap[k], reference_ap(world, alpha), atol=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_default_equals_poseval_where_poseval_is_right(seed):
    """Where every frame has people, only the rule for equal poses sets the two apart."""
    world = [(truth, people) for truth, people in crowd(seed, frames=10) if len(truth)]
    got = run(world, equal_poses="row")
    for k, alpha in enumerate((0.5, 0.75, 0.9)):
        np.testing.assert_allclose(got.ap[k], reference_ap(world, alpha), atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_perfect_prediction_is_one_even_weighted(seed):
    world = [(t, people_of(t.keypoints, np.ones(len(t)))) for t, _ in crowd(seed)]
    result = run(world)
    assert np.nanmin(result.ap) == pytest.approx(1.0)
    assert np.nanmin(result.weighted_ap) == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(8))
def test_order_of_persons_and_frames_does_not_matter(seed):
    world = crowd(seed)
    rng = np.random.default_rng(seed)
    shuffled = [(t, p[rng.permutation(len(p))]) for t, p in world]
    shuffled = [shuffled[i] for i in rng.permutation(len(world))]
    expected = run(world).ap
    np.testing.assert_allclose(run(shuffled).ap, expected)


@pytest.mark.parametrize("seed", range(5))
def test_a_far_away_person_can_only_hurt(seed):
    world = crowd(seed)
    before = run(world).ap
    truth, people = world[0]
    far = people_of(np.concatenate([people.keypoints, [at(9999)]]), [[0.99]] * (len(people) + 1))
    scores = np.concatenate([people.keypoint_scores, np.full((1, 14), 0.99)])
    far = far.replace(keypoint_scores=scores, scores=np.append(people.scores, 0.99))
    after = run([(truth, far), *world[1:]]).ap
    assert (np.nan_to_num(after) <= np.nan_to_num(before) + 1e-12).all()
