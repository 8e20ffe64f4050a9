import numpy as np

from hie_cli.tracking.pruning import drop_duplicates, drop_flashes, drop_weak
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracklets import Tracklet

CONFIG = TrackConfig()


def still(first, last, x, score=0.9):
    frames = np.arange(first, last + 1)
    boxes = np.tile([x, 0.0, x + 40, 100], (len(frames), 1))
    return Tracklet(frames, boxes, np.full(len(frames), score))


def test_nobody_has_no_double():
    assert drop_duplicates([], CONFIG) == []


def test_a_short_track_on_a_longer_one_is_a_double():
    long, double = still(0, 50, 100), still(10, 30, 105)  # IoU 35 / 45 = .78
    assert drop_duplicates([double, long], CONFIG) == [long]
    beside = still(10, 30, 115)  # IoU 25 / 55 = .45
    assert drop_duplicates([beside, long], CONFIG) == [beside, long]
    outlasting = still(40, 60, 105)  # not within the other's time
    assert len(drop_duplicates([outlasting, long], CONFIG)) == 2


def test_where_the_longer_one_is_mostly_unseen_nothing_is_dropped():
    long = still(0, 50, 100)
    gone = long.rows((long.frames < 14) | (long.frames > 30))
    double = still(10, 30, 100)  # 4 of its 21 sightings have a counterpart
    assert len(drop_duplicates([gone, double], CONFIG)) == 2


def test_of_two_equal_ones_one_stays():
    assert len(drop_duplicates([still(0, 9, 50), still(0, 9, 50)], CONFIG)) == 1


def test_flashes_and_doubtful_tracks_go():
    short, weak = still(0, 3, 0), still(0, 9, 0, 0.2)
    assert drop_flashes([short, weak], 5, 100) == [weak]
    assert drop_flashes([short, weak], 5, 8) == [
        short,
        weak,
    ]  # a quarter of all
    assert drop_weak([short, weak], CONFIG) == [short]
