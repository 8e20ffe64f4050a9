import numpy as np
import pytest

from hie_cli.core import geometry
from hie_cli.core.types import VideoInfo
from hie_cli.tracking.gaps import Crowd, Gaps, inner_gaps, miss_seconds, missed_share
from hie_cli.tracking.tracklets import Tracklet

VIDEO = VideoInfo("v", 640, 480, 10.0, 100)


def still(frames, x, foot=200.0):
    frames = np.asarray(frames)
    box = [x, foot - 100, x + 40, foot]
    return Tracklet(frames, np.tile(box, (len(frames), 1)), np.full(len(frames), 0.9))


def gap(crowd, before, after, box, owner=0):
    row = np.array([before]), np.array([after]), np.array([box]), np.array([box])
    return crowd.in_view(Gaps(*row, np.array([owner]), np.array([owner])))[0]


def test_a_gap_in_plain_view_counts_whole():
    crowd = Crowd.of([still([0, 11], 100)], VIDEO)
    assert gap(crowd, 0, 11, [100, 100, 140, 200]) == pytest.approx(1.0)  # ten frames
    assert gap(crowd, 0, 1, [100, 100, 140, 200]) == 0


def test_behind_somebody_nearer_nobody_can_be_seen():
    """The nearer one hides 30 of 40 px all the time: no moment in view; then only half the time."""
    mine = still([0, 11], 100)
    assert gap(Crowd.of([mine, still(range(12), 110, 210.0)], VIDEO), 0, 11, mine.boxes[0]) == 0
    half = Crowd.of([mine, still(range(6), 110, 210.0)], VIDEO)
    # Looked at in frames 2, 6 and 9: one of three is covered.
    assert gap(half, 0, 11, mine.boxes[0]) == pytest.approx(2 / 3)
    behind = Crowd.of([mine, still(range(12), 110, 190.0)], VIDEO)
    assert gap(behind, 0, 11, mine.boxes[0]) == pytest.approx(1.0)


def test_outside_of_the_picture_nobody_can_be_seen():
    crowd = Crowd.of([still([0, 11], 100)], VIDEO)
    assert gap(crowd, 0, 11, [-60, 100, -20, 200]) == 0


def test_everybody_near_is_looked_at_wherever_and_however_wide():
    """Against all pairs of a frame: a share of .3 of the box under one whose foot is as low."""
    rng = np.random.default_rng(0)
    frames, corner = rng.integers(0, 5, 300), rng.uniform(-900, 1500, (300, 2)) * [1, 0.2]
    boxes = np.hstack([corner, corner + rng.uniform(10, 300, (300, 2))])
    one = [Tracklet(frames[k : k + 1], boxes[k : k + 1], np.ones(1)) for k in range(300)]
    every = np.arange(300)
    found = Crowd.of(one, VIDEO).excused(frames, boxes, every, every)
    share = geometry.intersection(boxes, boxes) / geometry.area(boxes)[:, None]
    foot = boxes[:, 3] - 0.02 * (boxes[:, 3] - boxes[:, 1])
    nearer = (frames[:, None] == frames) & (boxes[:, 3] >= foot[:, None]) & ~np.eye(300, dtype=bool)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    outside = ((middle < 0) | (middle > [640, 480])).any(axis=1)
    assert found.tolist() == (outside | ((share >= 0.3) & nearer).any(axis=1)).tolist()
    assert 20 < np.count_nonzero(found & ~outside) < np.count_nonzero(~outside) - 20


def test_misses_are_learned_from_the_gaps_of_tracklets():
    holes = still([0, 1, 5, 6, 9], 100)  # three frames missed, then two
    gaps = inner_gaps([still([3], 300), holes, still([20], 300)])  # between them there is none
    assert gaps.owner.tolist() == gaps.other.tolist() == [1, 1]
    assert gaps.before.tolist() == [1, 6]
    assert gaps.seconds(10.0) == pytest.approx([0.3, 0.2])
    crowd = Crowd.of([holes], VIDEO)
    assert miss_seconds([holes], crowd) == pytest.approx((0.3 + 0.2 + 0.2) / 3)
    assert missed_share([holes], crowd) == pytest.approx(2 / 5)  # two gaps, five sightings
    whole = [still(range(10), 100)]
    assert miss_seconds(whole, Crowd.of(whole, VIDEO)) == pytest.approx(0.2)
    assert missed_share(whole, Crowd.of(whole, VIDEO)) == 0
