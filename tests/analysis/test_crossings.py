import pytest

from hie_cli.analysis.crossings import crossings
from hie_cli.analysis.tracks import gather
from tests.support.walks import VIDEO, frames, line

DOWN = ((300.0, 0.0), (300.0, 480.0))  # from top to bottom: its right side is the picture's left


def crossed(ways, door=DOWN, margin=0.1):
    tracks = gather(frames(ways), VIDEO, "walk")
    return [
        (each.track_id, round(each.seconds, 3), each.direction)
        for each in crossings(tracks, "door", door, margin)
    ]


def test_nobody():
    assert crossed({}) == []
    assert crossed({1: [None]}) == []


def test_when_and_in_which_direction():
    """From x = 205 to 405 in 10 steps of 20 px: over 300 after 4.75 steps of .1 s.

    Looking down the line, the picture's right is on the left: who walks there goes out.
    """
    assert crossed({1: line((205, 200), (405, 200), 10)}) == [(1, 0.475, "out")]
    assert crossed({1: line((405, 200), (205, 200), 10)}) == [(1, 0.525, "in")]
    assert crossed({1: line((205, 200), (405, 200), 10)}, DOWN[::-1]) == [(1, 0.475, "in")]


def test_who_passes_beside_the_end_of_the_line_does_not_cross_it():
    short = ((300.0, 0.0), (300.0, 150.0))
    assert crossed({1: line((205, 200), (405, 200), 10)}, short) == []


def test_who_wavers_on_the_line_crosses_it_once():
    """A tenth of 100 px must be between the feet and the line."""
    way = [(250, 200), (295, 200), (305, 200), (295, 200), (309, 200), (350, 200)]
    assert [each[2] for each in crossed({1: way})] == ["out"]
    back = [(250, 200), (295, 200), (309, 200), (295, 200), (250, 200)]
    assert crossed({1: back}) == []
    assert len(crossed({1: back}, margin=0.0)) == 2


def test_there_and_back_is_two_crossings():
    way = line((250, 200), (350, 200), 5) + line((350, 200), (250, 200), 5)
    assert [each[2] for each in crossed({1: way})] == ["out", "in"]


def test_a_gap_on_the_line():
    """Last seen at 280 at 0 s, then at 320 at .4 s: half way between, at .2 s."""
    assert crossed({1: [(280, 200), None, None, None, (320, 200)]}) == [(1, 0.2, "out")]


def test_slanted_lines():
    """From (0, 0) to (480, 480): somebody at (200, 100) walks down to (200, 300), over (200, 200).

    Looking down right along the line, left is up: from up to down is from left to right.
    """
    slanted = ((0.0, 0.0), (480.0, 480.0))
    assert crossed({1: line((200, 100), (200, 300), 4)}, slanted) == [(1, 0.2, "in")]


@pytest.mark.parametrize("count", [3])
def test_in_the_order_of_time(count):
    ways = {key: line((205 + 10 * key, 200), (405, 200), 10) for key in range(count)}
    assert [each[0] for each in crossed(ways)] == [2, 1, 0]
