"""Frame and class weights by hand."""

import math

import numpy as np
import pytest

from hie_cli.core.annotations import Annotations
from hie_cli.evaluation.crowd_weights import (
    ActionWeights,
    PoseWeights,
    action_frame_weights,
    anomalous_counts,
    class_weights,
    crowd_indices,
    pose_weights,
)

FIGHT, FALL, WALK = 10, 11, 0


def frame(actions=(), poses=0):
    """People side by side; the first ``poses`` of them have their nose in everybody's box."""
    n = max(len(actions), poses)
    keypoints = np.full((n, 14, 2), np.nan)
    keypoints[:poses, 0] = 5.0
    return Annotations(
        np.tile([0.0, 0.0, 10.0, 10.0], (n, 1)),
        np.arange(n),
        np.zeros(n, bool),
        keypoints,
        actions=np.array(actions, int) if len(actions) else None,
    )


def test_forms_by_hand():
    # Two people, one joint each, each inside the other's box: CI = (1/1 + 1/1) / 2 = 1.
    crowded = [frame(actions=(FIGHT, FALL), poses=2)]
    expected = {
        "exp": 2 * math.e + 1 * 2,
        "linear": 2 * 1 + 1 * 2,
        "product": math.exp(2 * 1) * (1 + 1 * 2),
    }
    for form, weight in expected.items():
        assert pose_weights(crowded, crowd_indices(crowded), PoseWeights(form))[0] == pytest.approx(
            weight
        )
    assert pose_weights([frame()], crowd_indices([frame()]), PoseWeights())[0] == 2.0  # 2 e^0
    assert "2*exp(CI_t) + 1*N_t" in PoseWeights().formula()


def test_a_label_holds_until_the_next_one_or_for_twenty_frames():
    frames = [frame((FIGHT, FALL, FIGHT))] + [frame()] * 24 + [frame((WALK,))]
    counts = anomalous_counts(frames, hold=20)
    assert counts[:20].tolist() == [2.0] * 20
    assert counts[20:].tolist() == [0.0] * 6
    assert anomalous_counts(frames, hold=1).tolist() == [2.0] + [0.0] * 25
    assert anomalous_counts([], hold=20).tolist() == []


def test_action_weights():
    frames = [frame((WALK, WALK), poses=2), frame((WALK,))]
    assert action_frame_weights(frames, ActionWeights(), True).tolist() == [
        pytest.approx(math.e),
        1.0,
    ]
    assert action_frame_weights(frames, ActionWeights(), False).tolist() == [2.0, 1.0]
    assert action_frame_weights(frames, ActionWeights("none"), True).tolist() == [1.0, 1.0]
    assert "people_t" in ActionWeights().formula(has_poses=False)


def test_dominant_classes_weigh_less():
    assert class_weights(np.array([100.0, 4.0, 0.0]), ActionWeights()).tolist() == [0.1, 0.5, 0.0]
    assert class_weights(np.array([100.0, 4.0]), ActionWeights(class_power=0)).tolist() == [
        1.0,
        1.0,
    ]
