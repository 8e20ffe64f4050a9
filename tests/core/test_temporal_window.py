import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hie_cli.core import geometry
from hie_cli.core.temporal_window import follow, inverse, linked, outward, through, windowed
from hie_cli.core.types import FramePeople, People


def people(*lefts: float) -> People:
    """People 40 x 120 px whose boxes begin at ``lefts``."""
    boxes = np.array([[x, 60, x + 40, 180] for x in lefts]).reshape(-1, 4)
    return People(boxes, np.ones(len(lefts)))


def overlap(a: People, b: People) -> np.ndarray:
    return geometry.iou(a.boxes, b.boxes)


def test_no_items_no_windows():
    assert list(windowed([], 2)) == []


def test_windows_by_hand():
    assert list(windowed("abcd", 1)) == [
        (("a", "b"), 0),
        (("a", "b", "c"), 1),
        (("b", "c", "d"), 1),
        (("c", "d"), 1),
    ]
    assert list(windowed("ab", 0)) == [(("a",), 0), (("b",), 0)]
    assert list(windowed("ab", 5)) == [(("a", "b"), 0), (("a", "b"), 1)]


@given(st.integers(0, 12), st.integers(0, 5))
def test_every_item_comes_once_with_its_neighbours_and_no_further_look_ahead(count, half):
    taken = []

    def source():
        for item in range(count):
            taken.append(item)
            yield item

    due = 0
    for window, position in windowed(source(), half):
        assert window[position] == due
        assert list(window) == list(range(max(0, due - half), min(count, due + half + 1)))
        assert len(taken) == min(count, due + half + 1)
        due += 1
    assert due == count


def test_people_are_followed_by_likeness():
    assert follow(overlap(people(), people(5)), 0.3).tolist() == [-1]
    assert follow(overlap(people(100, 200), people(203, 101, 400)), 0.3).tolist() == [1, 0, -1]
    assert inverse(np.array([1, 0, -1]), 3).tolist() == [1, 0, -1]
    assert through(np.array([1, 0, -1]), np.array([-1, 0, 2])).tolist() == [-1, 1, -1]


def test_links_lead_outwards_from_a_frame():
    frames = [people(100), people(200, 102), people(104, 201), people(203)]
    items = [FramePeople(t, each) for t, each in enumerate(frames)]
    window = list(linked(items, overlap, 0.3))
    assert [item.link.tolist() for item in window] == [[-1], [-1, 0], [1, 0], [1]]
    back = [(o, step.tolist(), index.tolist()) for o, step, index in outward(window, 2, -1)]
    assert back == [(1, [1, 0], [1, 0]), (0, [-1, 0], [0, -1])]
    ahead = [(o, step.tolist(), index.tolist()) for o, step, index in outward(window, 1, 1)]
    assert ahead == [(2, [1, 0], [1, 0]), (3, [-1, 0], [0, -1])]
