import numpy as np

from hie_cli.analysis.zones import Zones
from hie_cli.core.types import People
from hie_cli.rendering.palette import identity_colour
from hie_cli.rendering.view import View
from hie_cli.rendering.zone_layer import ZoneLayer
from tests.support.walks import frames, line

DOOR = Zones(lines={"door": ((300.0, 0.0), (300.0, 480.0))})
HALL = Zones(zones={"hall": ((100.0, 100.0), (300.0, 100.0), (300.0, 300.0), (100.0, 300.0))})
VIEW = View(0, 0, 640, 480, 1.0, 640, 480)


def drawn(layer: ZoneLayer) -> np.ndarray:
    image = np.zeros((480, 640, 3), np.uint8)
    layer.draw(image, VIEW, 1, 9)
    return image


def is_edge(pixel) -> bool:
    """Whether a pixel has the first zone's colour, as far as smooth edges let it."""
    return bool(np.abs(pixel.astype(int) - identity_colour(0)).max() < 25)


def counted(way, zones=DOOR) -> dict:
    layer = ZoneLayer(zones, 10.0)
    for item in frames({1: way}):
        layer.add(item.index, item.people, None)
    return dict(layer._counts)


def test_it_counts_as_the_analysis_does():
    there, back = line((205, 200), (405, 200), 10), line((405, 200), (205, 200), 10)
    assert counted(there) == {("door", "out"): 1}
    assert counted(there + back + there) == {("door", "out"): 2, ("door", "in"): 1}
    assert counted([(250, 200), (295, 200), (309, 200), (295, 200), (250, 200)]) == {}
    assert counted([(280, 200), None, (320, 200)]) == {("door", "out"): 1}
    wavering = [(250, 200), (295, 200), (305, 200), (295, 200), (309, 200), (350, 200)]
    assert counted(wavering) == {("door", "out"): 1}


def test_areas_are_drawn_with_who_is_inside():
    layer = ZoneLayer(HALL, 10.0)
    layer.add(0, People.empty(), None)
    assert layer._within == {"hall": 0}
    layer.add(1, frames({1: [(200, 200)], 2: [(400, 200)]})[0].people, None)
    assert layer._within == {"hall": 1}
    image = drawn(layer)
    assert is_edge(image[200, 300])
    assert image[200, 200].any(), "filled"
    assert not image[200, 400].any()


def test_zones_move_with_the_picture():
    """30 px to the left: the area's right side is at 270."""
    layer = ZoneLayer(HALL, 10.0)
    layer.add(0, People.empty(), None)
    layer.add(
        1, frames({1: [(80, 200)]})[0].people, np.array([[1, 0, -30.0], [0, 1, 0], [0, 0, 1]])
    )
    assert layer._within == {"hall": 1}, "80 + 30 = 110"
    image = drawn(layer)
    assert is_edge(image[200, 270])
    assert not image[200, 300].any()


def test_names_stay_in_the_picture_and_are_told():
    zones = Zones(lines={"ä long name": ((630.0, 2.0), (630.0, 480.0))})
    image = np.zeros((480, 640, 3), np.uint8)
    [(x1, y1, x2, y2)] = ZoneLayer(zones, 10.0).draw(image, VIEW, 1, 9)
    assert (0 <= x1 < x2 <= 640, 0 <= y1 < y2 <= 480) == (True, True)
