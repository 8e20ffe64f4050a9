import numpy as np
import pytest

from hie_cli.core.skeletons import LEFT_WRIST, RIGHT_WRIST
from hie_cli.training.data import augment as change
from hie_cli.training.data.augment import NONE, Augmentation
from tests.support.stills import picture

ALWAYS = Augmentation(flip=1, scale=0, shift=0, rotate=0, colour=0, blur=0, occlude=0, half_body=0)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_without_augmentation_a_picture_fills_the_square():
    matrix, mirrored = change.whole_picture((60, 120), 40, NONE, rng())
    assert not mirrored
    np.testing.assert_allclose(matrix, [[1 / 3, 0, 0], [0, 1 / 3, 0]])
    # 30, 12, 54, 48 over 3
    np.testing.assert_allclose(change.moved_boxes([[30, 12, 54, 48]], matrix), [[10, 4, 18, 16]])


def test_a_mirrored_box_keeps_its_order():
    matrix, mirrored = change.whole_picture((60, 120), 40, ALWAYS, rng())
    assert mirrored
    # x -> 40 - x: 10, 18 become 22, 30
    np.testing.assert_allclose(change.moved_boxes([[30, 12, 54, 48]], matrix), [[22, 4, 30, 16]])


def test_mirroring_swaps_left_and_right_joints():
    points = np.zeros((1, 14, 2))
    points[0, LEFT_WRIST] = (3, 4)
    assert change.swapped(points, True)[0, RIGHT_WRIST].tolist() == [3, 4]
    assert change.swapped(points, False)[0, LEFT_WRIST].tolist() == [3, 4]


@pytest.mark.parametrize("seed", range(6))
def test_pictures_move_with_their_labels(seed):
    """A bright square's mean place is its box's centre, however scaled, turned and mirrored."""
    image = np.zeros((120, 160, 3), np.uint8)
    image[40:70, 60:80] = 255
    box = np.array([60.0, 40, 80, 70])
    how = Augmentation(shift=0.2, rotate=30, scale=0.6, flip=0.5)
    matrix, _ = change.window(box, np.full((14, 2), np.nan), 96, 3.0, how, rng(seed))
    found = change.warped(image, matrix, 96)[..., 0].astype(float)
    y, x = np.mgrid[:96, :96] + 0.5
    centre = np.array([(x * found).sum(), (y * found).sum()]) / found.sum()
    np.testing.assert_allclose(centre, change.moved(np.array([70.0, 55]), matrix), atol=0.4)


def test_a_much_smaller_picture_keeps_its_place():
    image = np.zeros((480, 640, 3), np.uint8)
    image[160:280, 240:320] = 255
    matrix, _ = change.whole_picture((480, 640), 64, NONE, rng())  # a tenth
    found = change.warped(image, matrix, 64)[..., 0].astype(float)
    y, x = np.mgrid[:64, :64] + 0.5
    np.testing.assert_allclose((x * found).sum() / found.sum(), 28, atol=0.3)
    np.testing.assert_allclose((y * found).sum() / found.sum(), 22, atol=0.3)


def test_half_a_body_is_framed_by_its_joints():
    points = np.stack((np.full(14, 50.0), np.arange(14) * 10.0), 1)  # joints 0..7 upper
    how = Augmentation(0, 0, 0, 0, 0, 0, 0, half_body=1)
    boxes = set()
    for seed in range(8):
        matrix, _ = change.window(np.array([0.0, 0, 100, 130]), points, 90, 1.25, how, rng(seed))
        middle = change.moved(points[[3, 4]], matrix).mean(0)  # at 35 of 0..70
        boxes.add(bool(np.allclose(middle, 45)))
        if boxes and np.allclose(middle, 45):
            # 70 px of joints times 1.5 fill the 90 pixels.
            np.testing.assert_allclose(matrix[0, 0], 90 / 105)
    assert boxes == {True, False}  # upper and lower halves both occur


def test_an_occluder_hides_part_of_one_person():
    image = picture([[60, 40, 90, 100]])
    how = Augmentation(occlude=1)
    changed, where = change.occluded(image, np.array([[60.0, 40, 90, 100]]), how, rng(1))
    assert where is not None
    x1, y1, x2, y2 = where.astype(int)
    outside = np.ones(image.shape[:2], bool)
    outside[y1:y2, x1:x2] = False
    assert (changed[outside] == image[outside]).all()
    assert (changed != image).any()
    assert x1 < 90
    assert x2 > 60
    assert y1 < 100
    assert y2 > 40
    same, nowhere = change.occluded(image, np.zeros((0, 4)), how, rng(1))
    assert nowhere is None
    assert same is image


def test_colours_change_and_shapes_do_not():
    image = picture([[60, 40, 90, 100]])
    assert (change.recoloured(image, NONE, rng()) == image).all()
    found = change.recoloured(image, Augmentation(colour=0.5, blur=1), rng(2))
    assert found.shape == image.shape
    assert found.dtype == np.uint8
    assert (found != image).any()
