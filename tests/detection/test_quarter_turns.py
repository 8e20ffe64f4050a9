import numpy as np
import pytest

from hie_cli.core.types import People
from hie_cli.detection.quarter_turns import turned_back, turned_image


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_what_is_found_in_a_turned_image_lies_where_it_is_in_the_image(turns):
    image = np.zeros((40, 60, 3), np.uint8)
    image[5:9, 20:50] = 255  # a box (20, 5, 50, 9)
    rows, columns = np.nonzero(turned_image(image, turns)[..., 0])
    box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], float)
    corner = np.full((1, 14, 2), np.nan)
    corner[0, 0] = box[0, :2]
    found = People(box, [0.5], keypoints=corner, keypoint_scores=np.zeros((1, 14)))
    back = turned_back(found, turns, 60, 40)
    np.testing.assert_allclose(back.boxes, [[20, 5, 50, 9]])
    x, y = back.keypoints[0, 0]
    assert x in (20, 50)
    assert y in (5, 9)
    assert np.isnan(back.keypoints[0, 1:]).all()


def test_nobody_stays_nobody():
    assert len(turned_back(People.empty(), 1, 60, 40)) == 0
