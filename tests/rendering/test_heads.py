import numpy as np

from hie_cli.core.types import People
from hie_cli.rendering.heads import head_boxes
from tests.support.drawing import person


def test_of_nobody():
    assert head_boxes(People.empty()).shape == (0, 4)


def test_by_nose_and_chest():
    """Nose (60, 30), chest (60, 50): 20 / .9 = 22.2 px from chin to crown, around the nose."""
    [head] = head_boxes(person())
    np.testing.assert_allclose(head, [48.889, 18.889, 71.111, 41.111], atol=1e-3)


def test_without_joints_at_the_upper_end_of_the_box():
    """A box of 30 x 150: a head of 150 / 7.5 = 20 px in the middle of its upper end."""
    people = People(np.array([[10, 50, 40, 200]]), np.array([1.0]))
    assert head_boxes(people).tolist() == [[15.0, 50.0, 35.0, 70.0]]


def test_unsure_joints_are_not_asked():
    weak = person(keypoint_scores=np.full((1, 14), 0.1))
    bare = person(keypoints=None, keypoint_scores=None)
    assert head_boxes(weak).tolist() == head_boxes(bare).tolist()
