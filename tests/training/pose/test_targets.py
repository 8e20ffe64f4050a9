import numpy as np

from hie_cli.core.skeletons import CHEST, COCO17, LEFT_WRIST, NOSE
from hie_cli.training.data.samples import Sample
from hie_cli.training.pose.targets import PAIRS, as_coco, gaussian, middle, targets


def sample(*people, person=0):
    keypoints = np.stack(people)
    return Sample(
        np.zeros((64, 64, 3), np.uint8), np.zeros((len(people), 4)), np.zeros(len(people), bool),
        keypoints, np.zeros((64, 64), bool), person,
    )  # fmt: skip


def joints(**at):
    points = np.full((14, 2), np.nan)
    for name, place in at.items():
        points[{"nose": NOSE, "chest": CHEST, "wrist": LEFT_WRIST}[name]] = place
    return points


def test_coco_joints_are_found_by_name():
    assert len(PAIRS) == 13  # all but the chest
    points, labelled = as_coco(joints(nose=(3, 4), chest=(1, 1), wrist=(5, 6)))
    assert labelled.sum() == 2
    assert points[COCO17.joints.index("nose")].tolist() == [3, 4]
    assert points[COCO17.joints.index("left_wrist")].tolist() == [5, 6]


def test_maps_of_one_person():
    """A wrist at pixel (22, 41) lies in cell (5, 10), at 5.5, 10.25."""
    made = targets(sample(joints(wrist=(22, 41))))
    wrist = COCO17.joints.index("left_wrist")
    assert made.heat[wrist, 10, 5] == 1
    np.testing.assert_allclose(made.heat[wrist, 10, 6], np.exp(-1 / (2 * 1.1**2)))
    np.testing.assert_allclose(made.points[wrist], [5.5, 10.25])
    assert made.heat_known[wrist].all()
    assert not made.heat_known[0].any()  # a nose that nobody labelled
    assert made.centre[10, 5] == 1
    assert [5, 10] in made.near.tolist()


def test_other_peoples_joints_are_neither_right_nor_wrong():
    made = targets(sample(joints(wrist=(22, 41)), joints(wrist=(50, 41))))
    wrist = COCO17.joints.index("left_wrist")
    assert made.heat_known[wrist, 10, 12] == 0
    assert made.heat_known[wrist, 10, 5] == 1
    assert made.heat[wrist, 10, 12] < 0.01
    assert made.centre_known[10, 12] == 0
    other = targets(sample(joints(wrist=(22, 41)), joints(wrist=(50, 41)), person=1))
    assert other.heat[wrist, 10, 12] == 1


def test_the_centre_is_the_torsos():
    points = np.full((14, 2), np.nan)
    points[[2, 5, 8, 11]] = [[0, 0], [10, 0], [0, 20], [10, 20]]
    points[0] = (100, 100)
    assert middle(points).tolist() == [5, 10]
    points[2] = np.nan
    np.testing.assert_allclose(middle(points), [30, 35])


def test_a_gaussian_peaks_in_the_cell_that_holds_the_point():
    assert gaussian((4, 4), np.array([2.9, 1.2]), 1.0)[1, 2] == 1
