import numpy as np

from hie_cli.core.types import People
from hie_cli.rendering.trails import HeatMap, Trails, ground_points, moved
from hie_cli.rendering.view import View
from tests.support.drawing import person

VIEW = View(0, 0, 160, 120, 1.0, 160, 120)


def at(x: float) -> People:
    """Somebody whose feet are at (x, 100)."""
    return person(0, boxes=np.array([[x - 20, 20, x + 20, 100]]))


def drawn(trails: Trails) -> np.ndarray:
    image = np.zeros((120, 160, 3), np.uint8)
    trails.draw(image, VIEW, 1)
    return image


def test_the_trail_of_nobody():
    trails = Trails(2.0, 10.0)
    trails.add(0, People.empty(), None)
    trails.add(1, person(None), None)
    assert not drawn(trails).any()


def test_a_trail_joins_the_feet_and_ends_after_its_seconds():
    trails = Trails(2.0, 10.0)
    trails.add(0, at(60), None)
    trails.add(1, at(80), None)
    assert drawn(trails)[100, 70].any()
    trails.add(22, People.empty(), None)  # 2 s = 20 frames after frame 1: 21 is more
    assert not drawn(trails).any()


def test_nothing_is_drawn_across_a_long_absence():
    trails = Trails(5.0, 10.0)
    trails.add(0, at(60), None)
    trails.add(11, at(80), None)  # 1.1 s later
    assert not drawn(trails).any()


def test_with_a_camera_that_turns_the_trail_stays_on_the_ground():
    """The picture moves 30 px left: who stands still at 80, then at 50, leaves no trail."""
    left = np.array([[1, 0, -30.0], [0, 1, 0], [0, 0, 1]])
    trails = Trails(2.0, 10.0)
    trails.add(0, at(80), None)
    trails.add(1, at(50), left)
    image = drawn(trails)
    assert not image[:, 60:].any(), "the old point lies where the feet are now: 80 - 30 = 50"
    still = Trails(2.0, 10.0)
    still.add(0, at(80), None)
    still.add(1, at(50), None)
    assert drawn(still)[100, 65].any()


def test_moved_divides_by_depth():
    # (2, 4, 1) -> (2, 4, 2) -> (1, 2)
    camera = np.array([[1, 0, 0], [0, 1, 0], [0.5, 0, 1]])
    assert moved(np.array([[2.0, 4.0]]), camera).tolist() == [[1.0, 2.0]]


def test_ground_points_are_in_the_middle_of_the_lower_side():
    assert ground_points(person()).tolist() == [[60.0, 100.0]]


def heat_of(*frames: tuple[People, np.ndarray | None]) -> np.ndarray:
    heat, image = HeatMap(160, 120), np.zeros((120, 160, 3), np.uint8)
    for people, camera in frames:
        heat.add(people, camera)
    heat.draw(image, VIEW)
    return image


def test_the_heat_map_is_brightest_where_people_stand_longest():
    image = heat_of((at(60), None), (at(60), None), (at(120), None)).sum(axis=2)
    assert image[98, 60] > image[98, 120] > 0
    assert image[20, 60] == 0
    assert not heat_of((People.empty(), None)).any()


def test_the_heat_map_moves_with_the_picture():
    right = np.array([[1, 0, 40.0], [0, 1, 0], [0, 0, 1]])
    image = heat_of((at(60), None), (People.empty(), right)).sum(axis=2)
    assert image[98, 100] > 0
    assert image[98, 40] == 0
