import numpy as np
import pytest

from hie_cli.core.geometry import intersection
from hie_cli.rendering.heads import head_boxes
from hie_cli.rendering.labels import Label, LabelPlacer, draw_text, label_size
from tests.support.drawing import crowd


def label(key: int, box) -> Label:
    return Label(key, str(key), (200, 200, 200), np.asarray(box, float))


def place(labels, free=(), placer=None, size=(20, 10), picture=(200, 100)):
    placer = placer or LabelPlacer()
    return placer.place([size] * len(labels), labels, np.array(free), *picture)


def test_a_label_lies_above_its_box():
    """A label of 20 x 10 over a box from (50, 40): a pixel between them."""
    assert place([label(1, [50, 40, 70, 90])]) == [(50, 29, 70, 39)]


def test_at_the_upper_border_it_covers_no_face():
    face = [50, 2, 70, 12]
    [found] = place([label(1, [50, 2, 70, 90])], [face])
    assert not intersection(np.array([found]), np.array([face])).any()


def test_the_second_of_two_labels_gives_way():
    first, second = place([label(1, [50, 40, 70, 90]), label(2, [52, 40, 72, 90])])
    assert first == (50, 29, 70, 39)
    assert not intersection(np.array([first]), np.array([second])).any()


def test_no_room_is_no_label():
    assert place([label(1, [50, 40, 70, 90])], [[0, 0, 200, 100]]) == [None]


def test_a_label_stays_on_its_side():
    placer = LabelPlacer()
    below = (50, 92, 70, 102)
    box = [50, 40, 70, 90]
    crowded = [[0, 0, 200, 39]]  # no room above
    assert place([label(1, box)], crowded, placer, picture=(200, 120)) == [below]
    assert place([label(1, box)], (), placer, picture=(200, 120)) == [below]


@pytest.mark.parametrize("seed", range(5))
def test_forty_people_no_label_covers_another_one_or_a_face(seed):
    people = crowd(40, seed)
    heads = head_boxes(people)
    labels = [label(i, people.boxes[i]) for i in range(40)]
    sizes = [label_size(each.text, 9) for each in labels]
    placed = LabelPlacer().place(sizes, labels, heads, 640, 480)
    found = np.array([p for p in placed if p is not None], float)
    assert len(found) >= 30, "most of them find a place"
    both = intersection(found, found)
    np.fill_diagonal(both, 0)
    assert not both.any()
    assert not intersection(found, heads).any()
    assert (found >= 0).all()
    assert (found[:, 2] <= 640).all()
    assert (found[:, 3] <= 480).all()


def test_text_is_cut_at_the_border_and_pale_text_lets_the_picture_through():
    image = np.full((20, 30, 3), 100, np.uint8)
    draw_text(image, "123456", 9, (10, 5), (0, 0, 255), 1.0)
    assert image[8:12, 28].max() > 100
    pale = np.full((20, 30, 3), 100, np.uint8)
    draw_text(pale, "1", 9, (0, 0), (0, 0, 200), 0.5)
    assert tuple(pale[0, 0]) == (50, 50, 150)  # half of 100 and half of the bar
    draw_text(pale, "1", 9, (40, 40), (0, 0, 200), 0.5)  # outside: nothing happens
