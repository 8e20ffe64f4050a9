"""Letterboxes and crops: where a pixel goes and how it comes back."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hie_cli.models.images import Letterbox, by_shape, cut, resized, windows


def test_letterbox_scales_the_longer_side_and_pads_to_32():
    box = Letterbox.fit((540, 960), 512)
    assert (box.height, box.width) == (288, 512)
    assert (box.padded_height, box.padded_width) == (288, 512)
    box = Letterbox.fit((576, 768), 500)
    assert (box.height, box.width) == (375, 500)
    assert (box.padded_height, box.padded_width) == (384, 512)
    np.testing.assert_allclose(box.per_pixel, [768 / 500, 576 / 375])


def test_letterbox_batch_pads_right_and_below():
    image = np.full((30, 60, 3), 9, np.uint8)
    box = Letterbox.fit((30, 60), 60)
    batch = box.batch([image, image])
    assert batch.shape == (2, 32, 64, 3)
    assert (batch[:, :30, :60] == 9).all()
    assert batch[:, 30:].max() == batch[:, :, 60:].max() == 0


def test_letterbox_into_a_fixed_size():
    box = Letterbox.into((480, 640), (416, 416), 114)
    assert (box.height, box.width) == (312, 416)
    batch = box.batch([np.zeros((480, 640, 3), np.uint8)])
    assert (batch[:, 312:] == 114).all()
    np.testing.assert_allclose(box.boxes(np.float32([[0, 0, 416, 312]])), [[0, 0, 640, 480]])


def test_a_corner_comes_back_where_it_was():
    """A black square's edge found in the letterboxed image, times per_pixel, is the true edge."""
    image = np.full((400, 600, 3), 255, np.uint8)
    image[100:200, 300:450] = 0
    box = Letterbox.fit((400, 600), 320)
    dark = box.batch([image])[0, : box.height, : box.width, 0] < 128
    rows, columns = np.flatnonzero(dark.any(1)), np.flatnonzero(dark.any(0))
    edges = np.float32([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]])
    np.testing.assert_allclose(box.boxes(edges), [[300, 100, 450, 200]], atol=1.5)


@given(
    x=st.floats(-50, 700),
    y=st.floats(-50, 500),
    width=st.floats(0, 400),
    height=st.floats(0, 400),
    aspect=st.sampled_from([1.0, 0.75]),
    context=st.floats(1.0, 2.0),
)
def test_a_window_holds_its_box(x, y, width, height, aspect, context):
    ((left, top, wide, high),) = windows(np.array([[x, y, x + width, y + height]]), context, aspect)
    assert wide >= 2
    assert high >= 2
    slack = 1.01  # whole pixels
    assert left <= x + slack
    assert top <= y + slack
    assert left + wide >= x + width - slack
    assert top + high >= y + height - slack
    assert abs(wide - high * aspect) <= 1.01


def test_windows_of_nobody():
    assert windows(np.zeros((0, 4)), 1.25, 1.0).shape == (0, 4)


def test_cut_inside_is_a_plain_crop():
    image = np.random.default_rng(0).integers(0, 255, (50, 60, 3), dtype=np.uint8)
    np.testing.assert_array_equal(cut(image, np.array([5, 7, 20, 20]), (20, 20)), image[7:27, 5:25])


@pytest.mark.parametrize("window", [(-10, 5, 20, 20), (50, 40, 20, 20), (-5, -5, 100, 100)])
def test_cut_over_the_edge_is_black_outside(window):
    image = np.full((50, 60, 3), 200, np.uint8)
    x, y, wide, high = window
    padded = cv2.copyMakeBorder(image, 100, 100, 100, 100, cv2.BORDER_CONSTANT)
    expected = padded[y + 100 : y + 100 + high, x + 100 : x + 100 + wide]
    np.testing.assert_array_equal(cut(image, np.array(window), (wide, high)), expected)


def test_cut_wholly_outside_is_black():
    image = np.full((50, 60, 3), 200, np.uint8)
    assert cut(image, np.array([70, 0, 20, 20]), (8, 8)).max() == 0


def test_resized_averages_where_it_shrinks_much():
    checker = np.indices((64, 64)).sum(0) % 2 * 255
    image = np.repeat(checker[..., None], 3, 2).astype(np.uint8)
    assert set(np.unique(resized(image, 16, 16))) <= {127, 128}


def test_by_shape_keeps_order():
    a, b = np.zeros((2, 3, 3), np.uint8), np.zeros((4, 3, 3), np.uint8)
    assert list(by_shape([a, b, a])) == [[0, 2], [1]]
    assert list(by_shape([])) == []
