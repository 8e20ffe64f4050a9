from dataclasses import replace

import numpy as np

from hie_cli.tracking.appearance_model import AppearanceModel
from hie_cli.tracking.segments import Segment, chained, parted, segments
from hie_cli.tracking.settings import LinkConfig
from hie_cli.tracking.tracklets import Tracklet

RED, BLUE = np.eye(2, dtype=np.float32)
MODEL = AppearanceModel()


def tracklet(looks, hidden, first=0):
    frames = first + np.arange(len(looks))
    looks = np.asarray(looks, np.float32)
    boxes = np.tile([0.0, 0, 40, 100], (len(frames), 1))
    hidden = np.asarray(hidden, float)
    return Tracklet(frames, boxes, np.full(len(frames), 0.9), appearance=looks, occlusion=hidden)


def frames(track):
    return None if track is None else (track.first, track.last)


def parts_of(looks, hidden):
    """At 10 fps; looks over 10 observations."""
    return segments(tracklet(looks, hidden), MODEL, 10, LinkConfig(), 10.0)


def test_somebody_who_looks_the_same_is_one_part():
    (one,) = parts_of([RED] * 40, [0.0] * 40)
    assert frames(one.clear) == (0, 39)
    assert one.before is one.after is None
    assert not one.goes_on


def test_a_change_of_look_makes_two_parts():
    one, two = parts_of([RED] * 30 + [BLUE] * 30, [0.0] * 60)
    assert (frames(one.clear), frames(two.clear)) == ((0, 29), (30, 59))
    assert one.goes_on
    assert not two.goes_on


def test_covered_ends_are_set_aside():
    (one,) = parts_of([RED] * 40, [0.9] * 5 + [0.0] * 30 + [0.9] * 5)
    assert (frames(one.before), frames(one.clear), frames(one.after)) == ((0, 4), (5, 34), (35, 39))
    (all_covered,) = parts_of([RED] * 40, [0.9] * 40)
    assert frames(all_covered.clear) == (0, 39)  # better than nothing


def test_a_little_rest_does_not_bridge():
    """Blue for eight observations half covered: 4 clear views of the 6 (.6 s) that it takes."""
    looks = [RED] * 30 + [BLUE] * 8 + [RED] * 30
    hidden = [0.0] * 30 + [0.5] * 8 + [0.0] * 30
    one, two = parts_of(looks, hidden)
    assert frames(one.clear)[0] == 0
    assert frames(two.clear)[1] == 67
    assert frames(one.after) == (frames(one.clear)[1] + 1, two.clear.first - 1)


def test_what_was_set_aside_returns_where_there_is_room():
    look, none = [RED] * 5, [0.0] * 5
    clear, aside = tracklet(look, none), tracklet(look, none, 5)
    later, at_once = (Segment(tracklet(look, none, first)) for first in (10, 8))
    goes_on, jumped = Segment(clear, None, aside, True), Segment(clear, None, aside)
    assert [frames(t) for t in chained([0, 1], [goes_on, later])] == [(0, 4), (5, 9), (10, 14)]
    assert [frames(t) for t in chained([0, 1], [jumped, later])] == [(0, 4), (5, 9), (10, 14)]
    assert [frames(t) for t in chained([0, 1], [jumped, at_once])] == [(0, 4), (8, 12)]
    assert [frames(t) for t in chained([0], [jumped])] == [(0, 4), (5, 9)]


def test_who_was_unseen_for_long_is_cut_there():
    """Frames 0 to 9, 15 to 19 and 27 to 29: more than 6 frames lie between the last two alone."""
    track = tracklet([RED] * 18, [0.0] * 18)
    times = np.concatenate([np.arange(10), np.arange(15, 20), np.arange(27, 30)])
    whole = Segment(replace(track, frames=times), track, track, True)
    one, two = parted([whole], 6.0)
    assert (frames(one.clear), frames(two.clear)) == ((0, 19), (27, 29))
    assert (one.before, one.after, one.goes_on) == (track, None, True)
    assert (two.before, two.after, two.goes_on) == (None, track, True)
    assert parted([whole], 8.0) == [whole]
    late = Segment(replace(track, frames=times + 50))  # after another one, not after a gap
    assert [frames(p.clear) for p in parted([late, whole, late], 8.0)] == [
        (50, 79),
        (0, 29),
        (50, 79),
    ]
