import numpy as np

from hie_cli.core.annotations import Annotations
from hie_cli.training.data.augment import NONE
from hie_cli.training.data.items import Item
from hie_cli.training.data.samples import covered, person_sample, picture_sample, posed_people
from tests.support.stills import joints_of, picture


class Shown(Item):
    """An item whose pixels are in memory."""

    def image(self):
        return picture([[10, 10, 40, 100]])


def item(boxes, ignore=None, regions=(), keypoints=None):
    boxes = np.array(boxes, float).reshape(-1, 4)
    n = len(boxes)
    ignore = np.zeros(n, bool) if ignore is None else np.array(ignore)
    labels = Annotations(boxes, np.full(n, -1), ignore, keypoints, ignore_regions=tuple(regions))
    return Shown(0, "v", 0, None, labels, False)


def test_people_mostly_outside_or_tiny_are_ignored():
    # 160 x 120 -> 80 x 60: halves; a box of 100 wide of which 20 are left; one of 6 x 6 -> 3 x 3
    sample = picture_sample(
        item([[10, 10, 40, 100], [140, 0, 240, 100], [50, 50, 56, 56], [300, 0, 320, 9]]),
        80, NONE, np.random.default_rng(0),
    )  # fmt: skip
    np.testing.assert_allclose(sample.boxes, [[5, 5, 20, 50], [70, 0, 80, 50], [25, 25, 28, 28]])
    assert sample.ignore.tolist() == [False, True, True]
    assert sample.ignored[10, 75]
    assert not sample.ignored[10, 10]


def test_ignore_regions_and_ignored_people_are_marked():
    region = np.array([[100.0, 20], [140, 20], [140, 60], [100, 60]])
    sample = picture_sample(
        item([[10, 10, 40, 100]], ignore=[True], regions=[region]), 80, NONE,
        np.random.default_rng(0),
    )  # fmt: skip
    assert sample.ignored[20, 60]
    assert sample.ignored[30, 10]
    assert not sample.ignored[55, 40]
    assert covered(4, []).sum() == 0


def test_a_window_is_round_its_person():
    keypoints = np.full((2, 14, 2), np.nan)
    keypoints[1, 4] = (30, 50)
    one = item([[100, 10, 130, 100], [10, 10, 40, 100]], keypoints=keypoints)
    assert posed_people(one.labels).tolist() == [1]
    sample = person_sample(one, 1, 90, 1.0, NONE, np.random.default_rng(0))
    # The square of 90 round (25, 55) begins at (-20, 10); the other person lies outside of it.
    assert len(sample.boxes) == 1
    assert sample.person == 0
    np.testing.assert_allclose(sample.boxes[0], [30, 0, 60, 90])
    np.testing.assert_allclose(sample.keypoints[0, 4], [50, 40])


def test_joints_outside_the_square_are_not_labelled():
    points = joints_of([10, 10, 40, 100])[:14][None]
    one = item([[10, 10, 40, 55]], keypoints=points)
    sample = person_sample(one, 0, 64, 1.0, NONE, np.random.default_rng(0))
    below = points[0, :, 1] >= 10 + 45
    assert np.isnan(sample.keypoints[0, below]).all()
