import dataclasses

import cv2
import numpy as np
import pytest

from hie_cli.core.config import load
from hie_cli.core.errors import ConfigError
from hie_cli.core.skeletons import LEFT_ANKLE, NOSE, RIGHT_ANKLE
from hie_cli.core.types import FramePeople, People
from hie_cli.models.spec import ModelSpec
from hie_cli.posing.settings import PoseConfig
from hie_cli.posing.stage import pose, window_start


class CentrePose:
    """Every joint on the box's vertical middle line, top to bottom, with score ``score``."""

    name, sha256 = "centre", "0" * 64
    spec = ModelSpec("centre", "pose")

    def __init__(self, score=0.9):
        self.score, self.calls = score, []

    def estimate(self, images, boxes, *, flip=False):
        self.calls.append([len(each) for each in boxes])
        self.flip = flip
        found = []
        for each in boxes:
            b = np.asarray(each, float).reshape(-1, 4)
            x = np.repeat((b[:, :1] + b[:, 2:3]) / 2, 14, 1)
            y = b[:, 1:2] + (b[:, 3:] - b[:, 1:2]) * np.linspace(0, 1, 14)
            found.append((np.stack((x, y), -1), np.full((len(b), 14), self.score)))
        return found


BOXES = np.array([[10, 10, 30, 60], [100, 10, 130, 90]], float)


def frame(index, people):
    return FramePeople(index, people, np.zeros((120, 160, 3), np.uint8))


def people(own_scores=None):
    """Two people; with ``own_scores`` (2,) their own poses lie 14 px to the right of the middle."""
    found = People(BOXES, [0.9, 0.8])
    if own_scores is None:
        return found
    points = CentrePose().estimate([], [BOXES])[0][0] + (14, 0)
    return found.replace(keypoints=points, keypoint_scores=np.outer(own_scores, np.ones(14)))


def run(config, model, *seen):
    stream = [frame(i, p) for i, p in enumerate(seen)]
    return [item.people for item in pose(stream, config, model)]


def test_no_frames_and_nobody():
    assert run(PoseConfig(), CentrePose()) == []
    (found,) = run(PoseConfig(), CentrePose(), People.empty())
    assert len(found) == 0
    assert found.keypoints is not None


def test_top_down_poses_everybody_and_ignores_their_own():
    (found,) = run(PoseConfig(mode="top-down"), CentrePose(), people([0.9, 0.9]))
    np.testing.assert_allclose(found.keypoints[:, 0, 0], [20, 115])
    np.testing.assert_allclose(found.keypoint_scores, 0.9)
    np.testing.assert_allclose(found.boxes, BOXES)


def posed(found):
    """Who has joints, frame by frame."""
    return [np.flatnonzero(np.isfinite(p.keypoints).any((1, 2))).tolist() for p in found]


def test_crops_of_a_frame_go_to_those_who_wait_longest():
    """Three stand still; the surest has the first crop, and its next one after the others."""
    boxes = np.array([[10, 10, 30, 60], [60, 10, 80, 60], [100, 10, 130, 90]], float)
    three = People(boxes, [0.6, 0.9, 0.8])
    model = CentrePose()
    found = run(PoseConfig(most_crops=1, window=5), model, *[three] * 5)
    assert posed(found) == [[1], [2], [0], [1], [2]]
    assert model.calls == [[1, 1, 1, 1, 1]]
    # Who comes was never looked at, and goes before whoever was.
    boxes[2] += [-5, 20, 5, 30]
    other = People(np.roll(boxes, 1, 0), [0.7, 0.6, 0.9])
    looked_at = posed(run(PoseConfig(most_crops=2), CentrePose(), three, other))
    assert looked_at == [[1, 2], [0, 1]]


def test_a_window_begins_anew():
    """So that a run that goes on from the middle gives the same."""
    config, model = PoseConfig(most_crops=1, window=2), CentrePose()
    assert posed(run(config, model, *[people()] * 4)) == [[0], [1], [0], [1]]


def test_a_frame_by_itself_has_all_crops():
    (found,) = run(PoseConfig(most_crops=1), CentrePose(), people())
    assert posed([found]) == [[0, 1]]


def test_one_pass_needs_no_network_and_keeps_what_came():
    (found,) = run(PoseConfig(mode="one-pass"), None, people([0.9, 0.4]))
    np.testing.assert_allclose(found.keypoints[:, 0, 0], [34, 129])
    (without,) = run(PoseConfig(mode="one-pass"), None, people())
    assert np.isnan(without.keypoints).all()


def test_fused_asks_the_network_only_for_weak_and_missing_poses():
    model = CentrePose()
    (found,) = run(PoseConfig(trust=0.7), model, people([0.9, 0.3]))
    assert model.calls == [[1]]
    # The first keeps its own; of the second's two poses, 14 px apart, the surer stands as it is.
    np.testing.assert_allclose(found.keypoints[:, 0, 0], [34, 115])
    np.testing.assert_allclose(found.keypoint_scores[1], 0.9)


def test_everybody_likely_enough_has_a_crop_by_default():
    model = CentrePose()
    run(PoseConfig(), model, people([0.9, 0.9]), people([0.9, 0.9]).replace(scores=[0.9, 0.05]))
    assert model.calls == [[2, 1]]


def shifted(dx, scores):
    """The two people of ``BOXES`` moved by ``dx`` pixels."""
    return People(BOXES + [dx, 0, dx, 0], scores)


def test_who_is_never_seen_for_sure_has_no_crop():
    """The first one is at .3 in three frames and at .9 in one; boxes 20 px wide that move by 5 a
    frame overlap by 15 / 25 = .6. The second one stays at .4.
    """
    model = CentrePose()
    steps = [shifted(5 * t, [0.9 if t == 1 else 0.3, 0.4]) for t in range(4)]
    found = run(PoseConfig(), model, *steps)
    assert model.calls == [[1, 1, 1, 1]]
    assert all(np.isfinite(p.keypoints[0]).all() for p in found)
    assert all(np.isnan(p.keypoints[1]).all() for p in found)


def test_people_are_followed_by_overlap_alone():
    """12 px a frame: 8 / 32 = .25 of overlap, so that the sure one leads nowhere."""
    model = CentrePose()
    run(PoseConfig(), model, *[shifted(12 * t, [0.9 if t == 1 else 0.3, 0.4]) for t in range(3)])
    assert model.calls == [[0, 1, 0]]


def test_a_frame_by_itself_and_people_with_identities_have_all_crops():
    model = CentrePose()
    run(PoseConfig(), model, shifted(0, [0.3, 0.4]))
    followed = shifted(0, [0.3, 0.4]).replace(track_ids=[1, 2])
    run(PoseConfig(), model, followed, followed)
    run(PoseConfig(sure_score=0.0), model, *[shifted(0, [0.3, 0.4])] * 2)
    assert model.calls == [[2], [2, 2], [2, 2]]


def test_boxes_grow_to_hold_sure_joints_and_far_ones_are_left_out():
    own = people([0.9, 0.9])
    points = own.keypoints.copy()
    points[0, 1, 0] = 30 + 0.2 * 50  # beyond 0.15 of the box's longer side
    (found,) = run(PoseConfig(mode="one-pass"), None, own.replace(keypoints=points))
    assert np.isnan(found.keypoints[0, 1]).all()
    assert found.keypoint_scores[0, 1] == 0
    np.testing.assert_allclose(found.boxes, [[10, 10, 34, 60], [100, 10, 130, 90]])


def test_people_of_a_window_go_through_the_network_together():
    model = CentrePose()
    run(PoseConfig(window=3), model, people(), People.empty(), people(), people())
    assert model.calls == [[2, 0, 2], [2]]


def test_resuming_at_a_window_start_asks_for_the_same_batches():
    config = PoseConfig(window=3)
    assert window_start(5, config) == 3
    whole, resumed = CentrePose(), CentrePose()
    list(pose([frame(i, people()) for i in range(6)], config, whole))
    list(pose([frame(i, people()) for i in range(3, 6)], config, resumed))
    assert whole.calls[1:] == resumed.calls


class OnePose(CentrePose):
    """Whatever the box, the person of the first one."""

    def estimate(self, images, boxes, *, flip=False):
        return super().estimate(images, [np.repeat(BOXES[:1], len(b), 0) for b in boxes])


def test_a_half_box_with_the_pose_of_the_whole_one_is_a_duplicate():
    half = People([[10, 10, 30, 60], [10, 10, 30, 40]], [0.9, 0.8])  # IoU 0.6
    (found,) = run(PoseConfig(mode="top-down"), OnePose(), half)
    np.testing.assert_allclose(found.boxes, half.boxes[:1])


def test_a_stolen_pose_falls_back_to_the_person_s_own():
    near = People([[10, 10, 30, 60], [18, 10, 48, 60]], [0.9, 0.8])
    (found,) = run(PoseConfig(mode="top-down"), OnePose(), near)
    assert np.isfinite(found.keypoints[0]).all()
    assert np.isnan(found.keypoints[1]).all()
    assert (found.keypoint_scores[1] == 0).all()


def test_unlikely_joints_are_left_out():
    config = PoseConfig(mode="top-down", min_joint_score=0.5)
    (found,) = run(config, CentrePose(score=0.4), people())
    assert np.isnan(found.keypoints).all()
    assert (found.keypoint_scores == 0).all()


def test_flip_reaches_the_network():
    model = CentrePose()
    run(PoseConfig(mode="top-down", flip=True), model, people())
    assert model.flip


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["window=0"], "at least 1"),
        (["most_crops=-1"], "at least 0"),
        (["flip=true", "mode=one-pass"], "runs none"),
        (["mode=both"], "not one of"),
    ],
)
def test_nonsense_is_refused(sets, message):
    with pytest.raises(ConfigError, match=message):
        load(PoseConfig(), sets=sets)


def test_a_missing_model_is_the_caller_s_mistake():
    with pytest.raises(ValueError, match="needs a model"):
        run(PoseConfig(), None, people())


def test_a_real_walker_has_head_above_feet(sample_clip):
    from hie_cli.models import registry

    capture = cv2.VideoCapture(str(sample_clip))
    image = capture.read()[1]
    capture.release()
    boxes = [(588, 228, 626, 316), (388, 195, 417, 279)]  # two who stand free, drawn by eye
    config = dataclasses.replace(PoseConfig(), mode="top-down", model="movenet-lightning")
    model = registry.load_estimator(config.model, "cpu", 1)
    (item,) = pose([FramePeople(0, People(boxes, [1, 1]), image)], config, model)
    found = item.people
    height = np.array([88, 84])
    ankles = found.keypoints[:, [LEFT_ANKLE, RIGHT_ANKLE], 1].mean(1)
    stature = (ankles - found.keypoints[:, NOSE, 1]) / height
    assert ((stature > 0.75) & (stature < 0.95)).all()
    assert (found.keypoint_scores.mean(1) > 0.6).all()
