"""Pose similarity by hand, and HOTA over it."""

import numpy as np
import pytest

from hie_cli.core.annotations import TruthSequence
from hie_cli.core.skeletons import OKS_SIGMAS
from hie_cli.core.types import FramePeople
from hie_cli.evaluation.matching import aligned, pose_frame
from hie_cli.evaluation.metrics import pose_hota
from hie_cli.evaluation.metrics.pose_hota import pose_similarity
from tests.support import trackeval_oracle
from tests.support.annotated_crowds import annotations, crowd, people

BOX = [0, 0, 30, 40]  # area 1200, reference length 30


def only(joints, offset=0.0):
    """A pose with some joints, moved to the right by ``offset``."""
    points = np.full((14, 2), np.nan)
    points[list(joints)] = [15 + offset, 20]
    return points


def similarity_of(true, *predicted):
    truth = annotations([BOX], keypoints=np.array([true]))
    found = people(
        [BOX] * len(predicted),
        keypoints=np.array(predicted),
        keypoint_scores=np.ones((len(predicted), 14)),
    )
    return pose_similarity(truth, pose_frame(truth, found))


def test_nobody():
    sums = pose_hota.accumulate(TruthSequence("a", ()), [])
    assert (sums.hota.hota == 0).all()


def test_one_joint():
    value = np.exp(-(6**2) / (2 * 1200 * (2 * OKS_SIGMAS[1]) ** 2))
    np.testing.assert_allclose(similarity_of(only([1]), only([1], 6), only([1])), [[value, 1]])


def test_joints_that_are_not_predicted_add_nothing():
    np.testing.assert_allclose(similarity_of(only(range(4)), only([0])), [[1 / 4]])


def test_joints_that_are_not_annotated_do_not_matter():
    np.testing.assert_allclose(similarity_of(only([0]), only(range(4))), [[1]])


def test_out_of_reach():
    assert similarity_of(only(range(14)), only(range(14), 31)).tolist() == [[0]]


@pytest.mark.parametrize("seed", range(3))
def test_equals_trackeval_on_the_same_similarities(seed):
    truth, found = crowd(seed, joints=True, frames=20)
    frames = [
        (true, entry, pose_frame(true, entry), t)
        for t, (true, entry) in enumerate(aligned(truth, found))
    ]
    gt = [true.track_ids[pose.truth_rows] for true, _, pose, _ in frames]
    ids = [entry.track_ids[pose.predicted_rows] for _, entry, pose, _ in frames]
    names = [np.unique(np.concatenate(side)) for side in (gt, ids)]
    data = {
        "num_timesteps": len(frames),
        "num_gt_dets": sum(map(len, gt)),
        "num_tracker_dets": sum(map(len, ids)),
        "num_gt_ids": len(names[0]),
        "num_tracker_ids": len(names[1]),
        "gt_ids": [np.searchsorted(names[0], i) for i in gt],
        "tracker_ids": [np.searchsorted(names[1], i) for i in ids],
        "similarity_scores": [pose_similarity(true, pose) for true, _, pose, _ in frames],
    }
    theirs = [metric.eval_sequence(data) for metric in trackeval_oracle.METRICS]
    trackeval_oracle.assert_equal(pose_hota.accumulate(truth, found), theirs)


def test_perfect():
    truth, _ = crowd(1, joints=True)
    found = [
        FramePeople(
            t,
            people(
                a.boxes,
                a.track_ids,
                keypoints=a.keypoints,
                keypoint_scores=np.ones((len(a), 14)),
            ),
        )
        for t, a in enumerate(truth.frames)
    ]
    sums = pose_hota.accumulate(truth, found)
    np.testing.assert_allclose(sums.hota.loc_a, 1)
    assert (sums.hota.fn == 0).all()
    assert (
        sums.hota.ass_a > 0.9
    ).all()  # poses whose visible joints all vanish are predicted still
