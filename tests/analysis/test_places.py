import numpy as np
import pytest

from hie_cli.analysis.places import occupancy, stays
from hie_cli.analysis.tracks import gather
from tests.support.walks import VIDEO, frames, line

HALL = ((100.0, 100.0), (300.0, 100.0), (300.0, 300.0), (100.0, 300.0))


def measured(ways, ground=None, leave=0.5):
    tracks = gather(frames(ways), VIDEO, "walk")
    return occupancy(tracks, "hall", HALL, leave, ground)


def test_nobody():
    place = measured({1: [None, None]})
    assert place.people.tolist() == [0, 0]
    assert place.visits == ()


def test_a_walk_through():
    """x = 50, 90, ..., 350 every .1 s: within from 130 (frame 2) to 290 (frame 6), 5 frames."""
    place = measured({1: line((50, 200), (370, 200), 8)})
    assert place.people.tolist() == [0, 0, 1, 1, 1, 1, 1, 0, 0]
    [visit] = place.visits
    assert (visit.start, visit.end) == pytest.approx((0.2, 0.7))
    assert visit.seconds == pytest.approx(0.5)


def test_stepping_out_for_a_moment_is_no_leaving():
    """Two frames outside are .2 s; with a patience of .1 s they part two visits."""
    there, away = (200, 200), (500, 200)
    way = [there] * 3 + [away] * 2 + [there] * 3
    assert [v.seconds for v in measured({1: way}).visits] == pytest.approx([0.8])
    assert [v.seconds for v in measured({1: way}, leave=0.1).visits] == pytest.approx([0.3, 0.3])


def test_two_people():
    ways = {1: [(200, 200)] * 4, 2: [(500, 200)] * 2 + [(200, 250)] * 2}
    place = measured(ways)
    assert place.people.tolist() == [1, 1, 2, 2]
    assert [(v.track_id, round(v.seconds, 3)) for v in place.visits] == [(1, 0.4), (2, 0.2)]


def test_people_a_square_metre():
    """50 pixels are a metre: 200 x 200 px are 4 m x 4 m = 16 m²; 2 people are .125 a m²."""
    place = measured({1: [(200, 200)], 2: [(150, 200)]}, ground=np.diag([0.02, 0.02, 1.0]))
    assert place.square_metres == pytest.approx(16)
    assert place.density.tolist() == pytest.approx([0.125])


def test_stays():
    assert stays(np.zeros(0), 0.1, 0.5) == []
    assert stays(np.array([1.0]), 0.1, 0.5) == [(1.0, 1.1)]
