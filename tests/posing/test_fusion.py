from dataclasses import replace

import numpy as np

from hie_cli.core.types import concatenate
from hie_cli.posing.fusion import combine
from hie_cli.posing.settings import RefineConfig
from hie_cli.posing.warp import warp
from tests.support.posed import ids, person


def test_ids_say_who_is_who_against_likeness():
    # Two people swap places between frames; by place they would be mixed up.
    a, b = person(100), person(140)
    config = RefineConfig(min_similarity=0.1)
    carried = [warp(ids(concatenate([a, b]), 1, 2), [], -1, 0.02)]
    same = combine(ids(concatenate([b, a]), 1, 2), carried, replace(config, outlier=1e6))
    assert (same.keypoints[0, :, 0] < 140).all()  # drawn to where person 1 was
    assert (same.keypoints[1, :, 0] > 100).all()
    assert same.track_ids.tolist() == [1, 2]
    apart = combine(ids(concatenate([b, a]), 3, 4), carried, config)
    np.testing.assert_allclose(apart.keypoints[:, 0, 0], [140, 100])  # strangers: nothing fused


def test_who_shares_no_joint_comes_after_who_has_a_like_pose():
    # Two boxes of one person: the first lies nearer but has no joint, the second has the pose.
    bare = person(100, missing=tuple(range(14)))
    posed = person(104)
    out = combine(concatenate([bare, posed]), [warp(person(100), [], -1, 0.02)], RefineConfig())
    assert not out.keypoint_scores[0].any()
    assert (out.keypoints[1, :, 0] < 104).all()


def test_combine_with_nothing_carried_changes_no_joint():
    people = person(100, missing=(7,))
    same = combine(people, [], RefineConfig())
    np.testing.assert_allclose(same.keypoints, people.keypoints)
    np.testing.assert_allclose(same.keypoint_scores, people.keypoint_scores)
