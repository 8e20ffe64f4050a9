from dataclasses import replace

import numpy as np
import pytest

from hie_cli.core.types import VideoInfo
from hie_cli.tracking.appearance_model import AppearanceModel
from hie_cli.tracking.linking import link, link_evidence, shared_overlap
from hie_cli.tracking.settings import LinkConfig
from hie_cli.tracking.tracklets import Tracklet, join

VIDEO = VideoInfo("v", 1000, 500, 10.0, 200)
CONFIG = LinkConfig()
RED, BLUE = np.eye(2, dtype=np.float32)


def walk(first, last, x, speed, look=None, y=300.0):
    """A person 40 x 100 px whose left edge is at ``x`` in frame 0, moving ``speed`` px a frame."""
    frames = np.arange(first, last + 1)
    left = x + speed * frames
    boxes = np.stack([left, 0 * left + y - 100, left + 40, 0 * left + y], axis=1)
    looks = None if look is None else np.tile(look, (len(frames), 1))
    none = np.zeros(len(frames))
    return Tracklet(frames, boxes.astype(float), none + 0.9, appearance=looks, occlusion=none)


def spans(tracks):
    return [(t.first, t.last) for t in tracks]


def test_nothing_to_link():
    assert link([], CONFIG, VIDEO) == []
    assert spans(link([walk(0, 9, 200, 0)], CONFIG, VIDEO)) == [(0, 9)]


def test_a_walk_goes_on_after_an_occlusion():
    parts = [walk(0, 30, 100, 4), walk(38, 80, 100, 4)]
    joined = link(parts, CONFIG, VIDEO)
    assert spans(joined) == [(0, 80)]
    assert len(joined[0]) == 31 + 43


def test_a_long_gap_or_a_far_place_is_not_bridged():
    assert len(link([walk(0, 30, 100, 4), walk(75, 99, 100, 4)], CONFIG, VIDEO)) == 2  # 4.5 s
    assert len(link([walk(0, 30, 100, 4), walk(40, 80, 500, 4)], CONFIG, VIDEO)) == 2  # 400 px off


def test_two_who_cross_behind_a_pillar_keep_their_way():
    right, left = walk(0, 30, 200, 5), walk(0, 30, 500, -5, y=302.0)
    parts = [right, left, walk(37, 80, 500, -5, y=302.0), walk(37, 80, 200, 5)]
    joined = link(parts, CONFIG, VIDEO)
    assert spans(joined) == [(0, 80), (0, 80)]
    assert all(np.ptp(np.diff(t.boxes[:, 0]) / np.diff(t.frames)) < 1e-9 for t in joined)


def test_who_was_found_again_in_somebody_elses_place_is_linked_anew():
    """Two cross behind a pillar; the forward pass went on with the wrong one, .7 s later."""
    right, left = walk(0, 30, 200, 10), walk(37, 70, 800, -10, y=302.0)
    parts = [*join([[right, left]]), walk(0, 30, 800, -10, y=302.0), walk(37, 70, 200, 10)]
    joined = link(parts, CONFIG, VIDEO)
    assert spans(joined) == [(0, 70), (0, 70)]
    assert all(np.ptp(np.diff(t.boxes[:, 0]) / np.diff(t.frames)) < 1e-9 for t in joined)


def test_looks_decide_where_motion_cannot():
    parts = [walk(0, 30, 300, 0, RED), walk(0, 30, 345, 0, BLUE)]
    parts += [walk(45, 80, 320, 0, BLUE), walk(45, 80, 330, 0, RED)]
    joined = link(parts, CONFIG, VIDEO)
    assert [t.boxes[[0, -1], 0].tolist() for t in joined] == [[300, 330], [345, 320]]


def test_a_swap_is_cut_and_mended():
    a, b = walk(0, 200, 100, 3, RED), walk(0, 200, 700, -3, BLUE)  # both at 400 in frame 100
    swapped = [
        Tracklet(
            p.frames,
            np.concatenate([p.boxes[:101], q.boxes[101:]]),
            p.scores,
            appearance=np.concatenate([p.appearance[:101], q.appearance[101:]]),
            occlusion=p.occlusion,
        )
        for p, q in ((a, b), (b, a))
    ]
    joined = link(swapped, CONFIG, VIDEO)
    assert spans(joined) == [(0, 200), (0, 200)]
    assert np.allclose(joined[0].boxes, a.boxes)
    assert np.allclose(joined[1].boxes, b.boxes)


def log_odds(parts, config=CONFIG):
    found = link_evidence(parts, config, VIDEO, AppearanceModel())
    return {(i, j): odds for i, j, odds in zip(*map(np.ndarray.tolist, found), strict=True)}


def test_evidence_follows_the_formula():
    parts = [walk(0, 30, 300, 0), walk(40, 80, 300, 0)]
    odds = log_odds(parts)
    spread = np.hypot(0.2, 0.35 * 1.0)  # 10 frames = 1 s, at rest and in place
    # One begins inside after the first moment: 1 + .5 in 4 s, on 10 x 5 square heights less the
    # edge's 15; newcomers count threefold.
    newcomers = 3 * 1.5 / 4 / (10 * 5 - 2 * 0.5 * (10 + 5))
    back = 2 * np.log1p(1.0)
    miss = 0.5 * np.log1p(0.9 / 0.2)  # nine frames in plain view; .2 s is what one miss lasts
    expected = -np.log(2 * np.pi * spread**2 * newcomers) - back - miss
    assert odds == {(0, 1): pytest.approx(expected)}


def test_pairs_are_those_that_follow_soon_and_not_too_far_away():
    """4 s of ten frames are the most; an overlap of .5 s may be of four frames, not of five."""
    first = walk(0, 30, 300, 0)
    soon, late = walk(70, 90, 300, 0), walk(71, 90, 300, 0)
    assert log_odds([first, soon]).keys() == {(0, 1)}
    assert log_odds([first, late]) == {}
    assert log_odds([soon, first]).keys() == {(1, 0)}
    beside, inside = walk(26, 60, 300, 0), walk(27, 30, 300, 0)
    assert log_odds([first, beside]).keys() == {(0, 1)}
    assert log_odds([first, walk(25, 60, 300, 0)]) == log_odds([first, inside]) == {}
    assert log_odds([first, walk(31, 60, 500, 0)]) == {}  # two heights away in .1 s


def test_one_person_seen_twice_for_a_moment_is_one_track():
    """The old track lingers on the covered person while the new one has begun: 3 frames of both."""
    old, new = walk(0, 32, 300, 2), walk(30, 80, 300, 2)
    joined = link([old, new], CONFIG, VIDEO)
    assert spans(joined) == [(0, 80)]
    assert joined[0].frames.tolist() == list(range(81))  # one observation a frame
    assert len(link([walk(0, 40, 300, 2), new], CONFIG, VIDEO)) == 2  # 1.1 s is two people


def test_a_cut_track_goes_on_where_nobody_else_fits():
    """Somebody walks into the shade: the look changes for good, but there is no other person."""
    light, dark = walk(0, 100, 300, 2, RED), walk(101, 200, 300, 2, BLUE)
    one = Tracklet(
        np.concatenate([light.frames, dark.frames]),
        np.concatenate([light.boxes, dark.boxes]),
        np.concatenate([light.scores, dark.scores]),
        appearance=np.concatenate([light.appearance, dark.appearance]),
        occlusion=np.zeros(201),
    )
    assert spans(link([one], CONFIG, VIDEO)) == [(0, 200)]


def test_two_side_by_side_in_the_same_frames_are_two_people():
    """Who stops being seen three frames after somebody 20 px beside began is not that somebody."""
    first, second = walk(0, 40, 300, 0), walk(38, 80, 320, 0)  # IoU 20 / 60 where both are seen
    assert len(link([first, second], CONFIG, VIDEO)) == 2
    again = walk(38, 80, 305, 0)  # IoU 35 / 45 = .78: seen twice
    assert spans(link([first, again], CONFIG, VIDEO)) == [(0, 80)]


def test_the_overlap_is_of_the_frames_that_two_share():
    """At frames 8 and 10 they lie 10 px apart, IoU 30 / 50; in frame 9 the first is unseen."""
    first, second = walk(0, 10, 300, 0), walk(8, 20, 310, 0)
    first = first.rows(first.frames != 9)
    found = shared_overlap(
        [second, walk(11, 20, 300, 0), first], np.array([2, 2]), np.array([0, 1])
    )
    assert found == pytest.approx([0.6, 1.0])
    assert len(shared_overlap([first], np.zeros(0, np.int64), np.zeros(0, np.int64))) == 0


def test_who_leaves_at_the_edge_is_less_likely_who_comes_in_there():
    parts = [walk(0, 30, 0, 0), walk(33, 80, 0, 0), walk(0, 30, 300, 0), walk(33, 80, 300, 0)]
    found, free = log_odds(parts), log_odds(parts, replace(CONFIG, leaving=0.0))
    assert found[0, 1] == pytest.approx(free[0, 1] - CONFIG.leaving)
    assert found[2, 3] == free[2, 3]
