import numpy as np

from hie_cli.core.types import VideoInfo
from hie_cli.recognition.kinematic.vertical import UprightField

VIDEO = VideoInfo("v", 400, 300, 25.0, None)
CORNERS = np.array([[0.0, 0.0], [399.0, 0.0], [0.0, 299.0], [399.0, 299.0], [200.0, 150.0]])


VIEW = UprightField.of(VIDEO)


def up_after(points, axes, seconds):
    """Up at the corners after walkers have been seen, against 3 seconds of assumptions."""
    known = VIEW.assumed(2.0, 1.0) + VIEW.evidence(np.asarray(points), np.asarray(axes), seconds)
    return VIEW.up(known, CORNERS)


def test_without_walkers_up_is_up():
    np.testing.assert_allclose(VIEW.up(VIEW.assumed(2.0, 1.0), CORNERS), [[0, -1]] * 5, atol=1e-9)


def test_upright_walkers_change_nothing():
    up = up_after(CORNERS, np.tile((0.0, -1.0), (5, 1)), np.full(5, 10.0))
    np.testing.assert_allclose(up, [[0, -1]] * 5, atol=1e-9)


def test_under_a_ceiling_camera_up_points_away_from_the_point_below_it():
    nadir = np.array([250.0, 120.0])
    points = np.random.default_rng(0).uniform((0, 0), (400, 300), (200, 2))
    axes = (points - nadir) / np.linalg.norm(points - nadir, axis=1, keepdims=True)
    expected = (CORNERS - nadir) / np.linalg.norm(CORNERS - nadir, axis=1, keepdims=True)
    # 3 seconds of assumptions against 200 of evidence leave a few degrees.
    up = up_after(points, axes, np.full(200, 1.0))
    assert ((up * expected).sum(1) > np.cos(np.radians(5))).all()


def test_walkers_of_a_rolled_camera_roll_up():
    axis = np.array([np.sin(0.3), -np.cos(0.3)])
    up = up_after(CORNERS, np.tile(axis, (5, 1)), np.full(5, 100.0))
    assert (up @ axis > np.cos(np.radians(3))).all()


def test_a_camera_turned_upside_down():
    up = up_after(CORNERS, np.tile((0.0, 1.0), (5, 1)), np.full(5, 100.0))
    np.testing.assert_allclose(up, [[0, 1]] * 5, atol=1e-6)


def test_taking_evidence_back_leaves_the_rest():
    one = VIEW.evidence(CORNERS, np.tile((1.0, 0.0), (5, 1)), np.ones(5))
    rest = VIEW.assumed(2.0, 1.0) + one.times(3.0) - one.times(3.0)
    np.testing.assert_allclose(VIEW.up(rest, CORNERS), [[0, -1]] * 5, atol=1e-9)
