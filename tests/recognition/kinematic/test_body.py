"""People in steady coordinates, and the motion that they share under a carried camera."""

import dataclasses

import numpy as np
import pytest

from hie_cli.camera.path import CameraPath
from hie_cli.core.types import People, VideoInfo
from hie_cli.recognition.kinematic.body import Body, covered, is_carried, relative, swept
from hie_cli.recognition.kinematic.settings import Measuring
from hie_cli.recognition.window import Track, Window

VIDEO = VideoInfo("v", 1000, 500, 25.0, None)
HOW = Measuring()


def track(seconds: float = 2.0) -> Track:
    times = np.arange(-seconds / 2, seconds / 2 + 0.01, 0.04)
    count = len(times)
    boxes = np.tile([400.0, 200, 440, 300], (count, 1))
    missing = np.full((count, 14, 2), np.nan)
    return Track(times, boxes, missing, np.zeros((count, 14)), np.ones(count), count // 2)


def people(*velocities: tuple[float, float], seconds: float = 2.0) -> list[Body]:
    body = Body.of(track(seconds), HOW)
    return [dataclasses.replace(body, velocity=np.array(v)) for v in velocities]


def test_what_most_share_is_the_carried_cameras():
    found = relative(people((0.2, 0), (0.22, 0), (0.18, 0), (0.2, 0), (1.0, 0)), HOW)
    assert [body.velocity[0] for body in found] == pytest.approx([0, 0.02, -0.02, 0, 0.8])


def test_few_people_a_marching_crowd_and_people_of_many_ways_share_nothing():
    few = people((0.2, 0), (0.2, 0), (0.2, 0), (0.2, 0))
    marching = people(*[(0.8, 0)] * 6)
    many = people((0.2, 0), (0.2, 0), (-0.8, 0), (0, 0.9), (0.7, 0.7))
    newcomers = people(*[(0.2, 0)] * 6, seconds=0.2)
    for bodies in (few, marching, many, newcomers):
        assert relative(bodies, HOW) is bodies


def window(pan: float) -> Window:
    """Under a camera that pans by ``pan`` px a frame to the left for 51 frames."""
    frames = np.arange(51)
    path = CameraPath(frames, np.ones(51, complex), pan * (frames - 25.0) + 0j)
    return Window(25, VIDEO, People.empty(), (track(),), path)


def test_a_mount_that_shakes_is_no_carried_camera():
    assert not is_carried(dataclasses.replace(window(0), camera=None))
    assert not is_carried(window(0.3))  # 15 px of 1000
    assert is_carried(window(0.6))  # 30 px


def test_what_the_camera_swept_is_doubted_in_part():
    assert swept(track(), window(4), 1.0) == pytest.approx(100)  # 4 px a frame, 25 a second
    still, moving = Body.of(track(), HOW), Body.of(track(), HOW, 100.0)
    assert still.doubt == 0
    assert moving.doubt == pytest.approx(HOW.camera_noise * 100 / moving.height)


def test_who_is_nearer_covers():
    """Of three 40 x 100 boxes the second lies 10 px lower and 20 px to the right of the first."""
    boxes = np.array([[0, 0, 40, 100], [20, 10, 60, 110], [200, 0, 240, 100]], float)
    assert covered(boxes) == pytest.approx([20 * 90 / 4000, 0, 0])
    assert covered(boxes[:0]).shape == (0,)
    assert covered(np.array([[5.0, 5, 5, 5]])).tolist() == [0.0]


@pytest.mark.parametrize(
    ("share", "score", "used"), [(0.2, 0.4, True), (0.4, 0.4, False), (0.4, 0.7, True)]
)
def test_joints_of_the_covered_must_be_sure(share, score, used):
    seen = track()
    seen = dataclasses.replace(
        seen,
        keypoints=np.full((len(seen.times), 14, 2), 250.0),
        keypoint_scores=np.full((len(seen.times), 14), score),
    )
    body = Body.of(seen, HOW, covered=share)
    assert np.isfinite(body.joints).all() == used
