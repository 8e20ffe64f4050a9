import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.recognition.scene.descriptor import (
    BAND,
    ORIENTATIONS,
    WIDTH,
    SceneDescriptor,
    background,
    band_vectors,
    looks,
)
from hie_cli.recognition.scene.uses import USES


def plain(colour=(100, 100, 100), shape=(320, 640)):
    return np.full((*shape, 3), colour, np.uint8)


def unused(image):
    """The scene of a picture that nobody walks through, of half the video's size."""
    picture = background([image])
    return SceneDescriptor(looks(picture), np.zeros((*picture.shape[:2], USES), np.float32), 0.5)


def test_no_frame_has_no_background():
    with pytest.raises(ValueError, match="no frame"):
        background([])


def test_who_passes_vanishes_from_the_background():
    frames = []
    for t in range(5):
        image = plain()
        image[100:200, 100 * t : 100 * t + 60] = 255
        frames.append(image)
    found = background(frames)
    assert found.shape == (160, WIDTH, 3)
    assert (found == 100).all()


def test_edges_by_orientation():
    # Stripes across the picture have gradients straight down: 90 degrees, bin 2 of 4.
    stripes = plain()
    stripes[(np.arange(320) // 16) % 2 == 0] = 200
    energy = looks(stripes)[..., 3 : 3 + ORIENTATIONS].sum((0, 1))
    assert energy.argmax() == 2
    assert energy[2] == pytest.approx(energy.sum(), rel=1e-3)
    turned = looks(np.ascontiguousarray(stripes.transpose(1, 0, 2)))
    assert turned[..., 3 : 3 + ORIENTATIONS].sum((0, 1)).argmax() == 0


def test_an_even_picture_has_colour_only():
    found = looks(plain((255, 255, 255)))
    assert found[..., 0] == pytest.approx(1, abs=1e-3)
    assert np.abs(found[..., 1:]).max() < 0.01


def test_vectors_of_nobody():
    assert band_vectors(unused(plain()), np.zeros((0, 4))).shape == (0, BAND)


def test_the_band_sees_the_ground_under_the_feet():
    image = plain((60, 60, 60))
    image[240:, :320] = (40, 40, 200)  # red ground on the left
    scene = unused(image)
    boxes = np.array([[100, 150, 140, 250], [500, 150, 540, 250.0]])
    left, right = band_vectors(scene, boxes)
    # 1: green-red of the ground; the left person stands on red, the right one on grey.
    assert left[1] > 0.3 > 0.05 > abs(right[1])
    assert left[9] > 0 > right[9]  # against the frame's average


def test_what_the_person_wears_does_not_count_beside_them():
    image = plain((60, 60, 60))
    other = image.copy()
    other[160:240, 110:130] = (0, 0, 255)  # well inside the box
    boxes = np.array([[100, 140, 140, 240.0]])
    first, second = (band_vectors(unused(i), boxes)[0] for i in (image, other))
    np.testing.assert_allclose(first[16:19], second[16:19], atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-2000, 2000)] * 4), max_size=5))
def test_any_box_has_a_finite_vector(rows):
    scene = SceneDescriptor(
        np.random.default_rng(0).random((20, 40, 8)), np.zeros((20, 40, 4)), 0.1
    )
    b = np.array(rows).reshape(-1, 4)
    boxes = np.concatenate([np.minimum(b[:, :2], b[:, 2:]), np.maximum(b[:, :2], b[:, 2:])], 1)
    found = band_vectors(scene, boxes)
    assert found.shape == (len(rows), BAND)
    assert np.isfinite(found).all()
