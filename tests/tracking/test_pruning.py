import numpy as np

from hie_cli.camera.path import CameraPath
from hie_cli.tracking.pruning import drop_duplicates, drop_unsure
from hie_cli.tracking.score_scale import ScoreScale
from hie_cli.tracking.settings import TrackConfig
from hie_cli.tracking.tracklets import Tracklet

CONFIG = TrackConfig()
SCALE = ScoreScale()
SCALE.add(np.full(100, 0.9), np.full(100, 100.0))


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
    double = still(10, 30, 100)  # 4 of its 21 observations have a counterpart
    assert len(drop_duplicates([gone, double], CONFIG)) == 2


def test_the_shortest_goes_first_though_only_a_double_speaks_against_it():
    long, double, short = still(0, 50, 100), still(10, 30, 106), still(15, 20, 112)
    # IoU 34 / 46 = .74 of neighbours, 28 / 52 = .54 of long and short.
    assert drop_duplicates([short, double, long], CONFIG) == [long]
    assert drop_duplicates([short, long], CONFIG) == [short, long]


def test_of_two_equal_ones_one_stays():
    assert len(drop_duplicates([still(0, 9, 50), still(0, 9, 50)], CONFIG)) == 1


def kept(tracks, frames=200, camera=None):
    return drop_unsure(tracks, CONFIG, SCALE, np.arange(frames), 10.0, camera)


def test_nobody_is_sure_of_nobody():
    assert kept([]) == []


def test_what_never_looks_like_a_person_for_sure_is_no_track():
    """Of people as tall the best score .9, so that .675 is sure; a tenth of a track has to be."""
    good, doubtful = still(50, 99, 0), still(50, 99, 300, 0.5)
    once = still(50, 99, 600, 0.5)
    once.scores[:8] = 0.9
    assert kept([good, doubtful, once]) == [good, once]


def test_short_tracks_go_unless_the_clip_cuts_them():
    """At 10 fps .5 s are 5 frames; in a clip of 9 frames a quarter, 2, is enough."""
    short, first, last = (still(a, a + 3, 0, 0.85) for a in (50, 0, 196))
    long, certain = still(50, 55, 0, 0.85), still(50, 52, 0)  # .85 / .9 = .94; .9 / .9 = 1
    assert kept([long, short, first, last, certain]) == [long, first, last, certain]
    assert len(kept([still(3, 5, 0, 0.85)], frames=9)) == 1
    assert kept([still(0, 0, 0)]) == []  # a single flash is nobody, also at the beginning


def test_who_is_seen_steadily_though_never_for_sure_stays():
    """Shares of the top score .9: .63 / .9 = .7 is not sure, but above ``steady_score``."""
    steady, short, weak = still(50, 89, 0, 0.63), still(50, 78, 0, 0.63), still(50, 89, 0, 0.55)
    assert kept([steady, short, weak]) == [steady]


def walking(first, last, step, score=0.5):
    found = still(first, last, 0, score)
    found.boxes[:, [0, 2]] += step * np.arange(len(found))[:, None]
    return found


def test_who_walks_need_not_be_as_sure():
    """.5 / .9 = .56 is below ``sure_score``; 19 steps of 6.4 px are 1.22 heights of 100 px, but of
    6.2 px 1.18, and seen in 13 of 19 frames 18 * 6.4 / 100 * 13 / 19 = .79.
    """
    walker, slow, brief = walking(50, 69, 6.4), walking(50, 69, 6.2), walking(50, 58, 20)
    hidden = walker.rows((walker.frames < 56) | (walker.frames > 61) & (walker.frames < 69))
    weak = walking(50, 69, 6.4, 0.4)  # .4 / .9 = .44
    assert kept([walker, slow, brief, hidden, weak]) == [walker]


def test_what_stands_under_a_camera_that_pans_does_not_walk():
    """The picture moves 6.4 px a frame to the right, and with it what stands there."""
    pan = np.array([[1, 0, 6.4], [0, 1, 0], [0, 0, 1]])
    camera = CameraPath.of(list(range(200)), [pan] * 200)
    assert kept([walking(50, 69, 6.4)], camera=camera) == []
    stays = still(50, 69, 500, 0.5)  # in the picture, so it follows the camera
    assert kept([stays], camera=camera) == [stays]
