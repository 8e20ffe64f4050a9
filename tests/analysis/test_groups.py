from hie_cli.analysis.groups import groups
from hie_cli.analysis.tracks import gather
from tests.support.walks import VIDEO, frames, line


def measured(ways):
    return groups(gather(frames(ways), VIDEO, "walk"), 1.0, 1.0)


def test_nobody():
    found = measured({1: [None]})
    assert found.sizes.tolist() == []
    assert found.pairs == ()


def test_two_who_walk_side_by_side_and_one_alone():
    """60 px apart are .6 body heights; the third one is 300 px away."""
    ways = {
        1: line((50, 200), (350, 200), 20),
        2: line((110, 200), (410, 200), 20),
        3: [(500, 450)] * 21,
    }
    found = measured(ways)
    assert [(a, b, round(s, 3)) for a, b, s in found.pairs] == [(1, 2, 2.1)]
    assert found.sizes.tolist() == [2, 2, 1] * 21


def test_who_passes_by_is_no_company():
    """100 px on either side at 40 px a frame towards each other: near for about .6 of 2 s."""
    ways = {1: line((50, 200), (450, 200), 20), 2: line((450, 200), (50, 200), 20)}
    assert measured(ways).pairs == ()


def test_three_are_joined_by_the_one_in_the_middle():
    ways = {key: [(100 + 90 * key, 200)] * 15 for key in range(3)}
    found = measured(ways)
    assert [pair[:2] for pair in found.pairs] == [(0, 1), (1, 2)]
    assert found.sizes.tolist() == [3, 3, 3] * 15


def test_a_second_is_needed():
    ways = {1: [(100, 200)] * 9, 2: [(150, 200)] * 9}  # .9 s
    assert measured(ways).pairs == ()
