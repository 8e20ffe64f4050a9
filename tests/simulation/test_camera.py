import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hie_cli.simulation.camera import Camera, draw_camera, draw_ceiling_camera
from hie_cli.simulation.style import draw_style

LEVEL = Camera(1280, 720, focal=1000.0, height=1.5, pitch=0.0)


def test_projection_by_hand():
    pixels, depth = LEVEL.project(np.array([[1.0, 10.0, 1.5], [0.0, 10.0, 0.0], [0, -1, 0]]))
    # 1 m right at 10 m: 640 + 1000 * 1/10; eye height: the middle row
    assert pixels[0] == pytest.approx([740.0, 360.0])
    # the ground 1.5 m below at 10 m: 360 + 1000 * 1.5/10
    assert pixels[1] == pytest.approx([640.0, 510.0])
    assert depth[:2] == pytest.approx([10.0, 10.0])
    assert np.isnan(pixels[2]).all()  # behind the camera


def test_no_points():
    assert LEVEL.project(np.zeros((0, 3)))[0].shape == (0, 2)


@given(st.floats(-5, 5), st.floats(3, 40), st.floats(0.0, 0.6), st.floats(1, 8))
def test_ground_undoes_project(x, y, pitch, height):
    camera = Camera(1280, 720, 900.0, height, pitch)
    pixel, depth = camera.project(np.array([x, y, 0.0]))
    if depth > 0.2:
        assert camera.ground(pixel) == pytest.approx([x, y, 0.0], abs=1e-6)


def test_rays_above_the_horizon_meet_no_ground():
    camera = Camera(1280, 720, 1000.0, 2.0, 0.1)
    assert np.isnan(camera.ground(np.array([640.0, camera.horizon - 1]))[0])
    assert np.isfinite(camera.ground(np.array([640.0, camera.horizon + 1]))).all()


@pytest.mark.parametrize("seed", range(8))
def test_the_range_of_people_is_in_view(seed):
    rng = np.random.default_rng(seed)
    camera, near, far = draw_camera(rng, draw_style(rng, "train"), 1280, 720)
    middle = np.sqrt(near * far)
    feet, _ = camera.project(np.array([0.0, middle, 0.0]))
    head, _ = camera.project(np.array([0.0, middle, 1.75]))
    assert 0 < head[1] < feet[1] < 720


def test_a_fisheye_by_hand():
    fisheye = Camera(1280, 720, focal=1000.0, height=1.5, pitch=0.0, bend=1.0)
    pixels, _ = fisheye.project(np.array([[10.0, 10.0, 1.5]]))
    # 45 degrees off the axis: 640 + 1000 * pi / 4, where a pinhole has 1640
    assert pixels[0] == pytest.approx([640 + 1000 * np.pi / 4, 360.0])


@pytest.mark.parametrize("seed", range(5))
def test_the_ground_under_a_pixel_of_a_ceiling_camera(seed):
    camera, near, far = draw_ceiling_camera(np.random.default_rng(seed), 384, 288)
    assert 0 < near < far
    feet = np.array([[0.5, near, 0.0], [-1.0, (near + far) / 2, 0.0]])
    assert camera.ground(camera.project(feet)[0]) == pytest.approx(feet, abs=1e-5)
