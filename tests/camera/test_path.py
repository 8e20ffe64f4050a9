import numpy as np
import pytest

from hie_cli.camera.path import CameraPath, nearest_similarity
from hie_cli.core.types import VideoInfo

VIDEO = VideoInfo("v", 640, 480, 10.0, None)
PAN = np.array([[1.0, 0, -5], [0, 1, 2], [0, 0, 1]])
ZOOM = np.array([[2.0, 0, -320], [0, 2, -240], [0, 0, 1]])  # about the picture's middle


def chain(*cameras):
    near = [nearest_similarity(camera, VIDEO) for camera in cameras]
    return CameraPath.of(range(len(cameras)), near)


def test_a_still_camera_needs_no_chain():
    assert CameraPath.of([], []) is None
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


def test_seen_from_another_frame():
    path = chain(None, PAN, PAN).seen_from(1)
    seen = path.points(np.arange(3), np.full((3, 2), 50.0))
    assert np.allclose(seen, [[45, 52], [50, 50], [55, 48]])


def test_zoom_by_hand():
    # Twice as large about the origin: what was at (10, 10) is at (20, 20).
    path = CameraPath.of([0, 1], [None, np.diag([2.0, 2, 1])]).seen_from(1)
    assert path.points(np.array([0]), np.array([[10.0, 10]])).tolist() == [[20, 20]]


def test_the_nearest_similarity():
    assert nearest_similarity(None, VIDEO) is None
    assert nearest_similarity(np.eye(3), VIDEO) is None
    assert np.allclose(nearest_similarity(PAN, VIDEO), PAN)
    # A perspective change about the middle (320, 240), where it is the identity, and a shift.
    middle = np.array([[1.0, 0, -320], [0, 1, -240], [0, 0, 1]])
    tilt = np.linalg.inv(middle) @ np.array([[1.0, 0, 0], [0, 1, 0], [1e-4, 0, 1]]) @ middle
    assert np.allclose(nearest_similarity(PAN @ tilt, VIDEO), PAN)
