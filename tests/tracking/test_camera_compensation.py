import numpy as np
import pytest

from hie_cli.core.types import VideoInfo
from hie_cli.tracking.camera_compensation import CameraCompensation

VIDEO = VideoInfo("v", 640, 480, 10.0, None)
PAN = np.array([[1.0, 0, -5], [0, 1, 2], [0, 0, 1]])
ZOOM = np.array([[2.0, 0, -320], [0, 2, -240], [0, 0, 1]])  # about the picture's middle


def chain(*cameras):
    return CameraCompensation.of(range(len(cameras)), cameras, VIDEO)


def test_a_still_camera_needs_no_chain():
    assert CameraCompensation.of([], [], VIDEO) is None
    assert chain(None, None) is None


def test_a_pan_is_taken_out():
    steady = chain(None, PAN, PAN)
    frames = np.arange(3)
    seen = np.array([[100.0, 50], [95, 52], [90, 54]])  # a lamp post under that pan
    assert np.allclose(steady.points(frames, seen), [100, 50])


def test_a_zoom_scales_boxes():
    steady = chain(None, ZOOM)
    box = np.array([[320.0, 240, 360, 340]])
    # In the second frame everything is twice as large about the middle.
    assert np.allclose(
        steady.boxes(np.array([1]), (box - [320, 240] * 2) * 2 + [320, 240] * 2), box
    )


def test_there_and_back_again():
    turn = np.array([[0.99, -0.05, 9], [0.05, 0.99, -4], [1e-5, 0, 1]])
    steady = chain(None, turn, ZOOM, PAN)
    frames = np.arange(4)
    boxes = np.array([[10.0, 20, 50, 120]] * 4)
    assert np.allclose(steady.boxes(frames, steady.boxes(frames, boxes), back=True), boxes)
    joints = np.random.default_rng(0).uniform(0, 400, (4, 14, 2))
    there = steady.points(frames, joints)
    assert np.allclose(steady.points(frames, there, back=True), joints)
    assert steady.turn[0] == pytest.approx(1)
