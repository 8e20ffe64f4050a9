import dataclasses

import numpy as np
import pytest

from hie_cli.core.types import FramePeople, People, VideoInfo
from hie_cli.recognition.kinematic.recogniser import Kinematic
from hie_cli.recognition.kinematic.settings import KinematicConfig
from hie_cli.recognition.window import windows
from hie_cli.training.action.moving_camera import CameraWay, drawn_way, seen_by
from hie_cli.training.action.perturb import LabelledClip

STILL = CameraWay(
    np.zeros(2), np.zeros((1, 2)), np.ones(1), np.zeros(1), 0.0, np.zeros(2), 8.0, 0.0
)


def clip(frames=51):
    boxes = np.array([[100.0, 200, 140, 320], [400, 180, 430, 270]])
    people = [FramePeople(t, People(boxes, np.ones(2), np.array([4, 7]))) for t in range(frames)]
    return LabelledClip(VideoInfo("c", 640, 480, 25.0, frames), people, [np.arange(2)] * frames)


def seen(**how):
    way = dataclasses.replace(STILL, **how)
    return seen_by(clip(), way, np.random.default_rng(0))


def test_a_camera_that_stands_changes_nothing():
    found = seen()
    assert found.people[0].camera is None
    assert np.allclose(found.people[9].camera, np.eye(3))
    assert np.allclose(found.people[9].people.boxes, clip().people[9].people.boxes)


def test_a_pan_by_hand():
    found = seen(pan=np.array([0.5, 0.0]))  # 320 px a second: 12.8 px a frame
    assert found.people[1].camera[:2, 2] == pytest.approx([12.8, 0])
    first, second = (found.people[t].people.boxes[:, 0] for t in (0, 1))
    assert second - first == pytest.approx([12.8, 12.8], abs=1e-3)


def test_a_step_towards_people_enlarges_near_ones_more():
    found = seen(walk=np.array([0.0, 1.0]))
    size = [np.diff(item.people.boxes[:, [1, 3]])[:, 0] for item in found.people]
    growth = size[-1] / size[0]
    assert growth[0] > growth[1] > 1  # 120 px and 90 px tall


def test_who_stands_is_measured_to_stand():
    way = dataclasses.replace(drawn_way(np.random.default_rng(3)), walk=np.zeros(2))
    moving = seen_by(clip(), way, np.random.default_rng(3))
    model = Kinematic(moving.video, KinematicConfig(decision="rules"))
    window = next(
        w for item, w in windows(moving.people, moving.video, 1.0, 25) if item.index == 25
    )
    assert np.ptp([item.people.boxes[0, 0] for item in moving.people]) > 10
    assert (model.observe(window).features.speed < 0.15).all()
