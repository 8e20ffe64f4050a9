import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.types import FramePeople, People
from hie_cli.detection.box_smoothing import (
    common_motion,
    continuation,
    frames_around,
    line_at_zero,
    smooth_boxes,
    walkers_width,
    weak_by_others,
)

NO_IMAGE = np.zeros((1, 1, 3), np.uint8)
SECONDS = 0.1  # between two frames


def people(*lefts: float, width: float = 40.0) -> People:
    boxes = np.array([[x, 60, x + width, 180] for x in lefts]).reshape(-1, 4)
    return People(boxes, np.full(len(lefts), 0.8))


def stream(items):
    return [FramePeople(t, each, NO_IMAGE) for t, each in enumerate(items)]


def test_nothing_and_nobody():
    assert list(smooth_boxes([], 2, SECONDS)) == []
    out = list(smooth_boxes(stream([people(), people(10), people()]), 2, SECONDS))
    assert [(item.index, len(item.people)) for item in out] == [(0, 0), (1, 1), (2, 0)]


def test_zero_frames_pass_everything():
    items = stream([people(10), people(30)])
    assert list(smooth_boxes(items, 0, SECONDS)) == items


def test_straight_motion_stays_exactly():
    # 1 px a frame is 10 px a second, 0.08 of the height of 120: nobody who walks.
    out = list(smooth_boxes(stream([people(10 + t) for t in range(9)]), 2, SECONDS))
    for t, item in enumerate(out):
        np.testing.assert_allclose(item.people.boxes[0], [10 + t, 60, 50 + t, 180], atol=1e-3)


def test_who_walks_gets_a_walkers_width_by_hand():
    # 5 px a frame, 50 px a second, 0.42 heights a second: walks. 60 wide is half of the height of
    # 120; 0.7 of the way to 0.34 is 60 (0.34 / 0.5)^0.7 = 45.8.
    walkers = [people(10 + 5 * t, width=60) for t in range(9)]
    middle = list(smooth_boxes(stream(walkers), 2, SECONDS))[4].people.boxes[0]
    width = 60 * (0.34 / 0.5) ** 0.7
    np.testing.assert_allclose(middle, [60 - width / 2, 60, 60 + width / 2, 180], atol=1e-3)
    alone = next(iter(smooth_boxes(stream(walkers[:2]), 2, SECONDS))).people.boxes[0]
    assert alone[2] - alone[0] == 60  # two frames are no motion


def test_who_stands_or_lies_keeps_the_width():
    boxes = np.array([[0, 0, 50, 100], [0, 0, 80, 100], [0, 0, 65, 100]], float)
    moves = np.array([[10, 0, 10, 0], [90, 0, 90, 0], [90, 0, 90, 0]], float)
    wide = walkers_width(boxes, moves)
    np.testing.assert_allclose(wide[:2], boxes[:2])  # too slow; too wide to walk upright
    assert 34 < wide[2, 2] - wide[2, 0] < 65  # in between: half way there


def test_a_swinging_arm_is_no_motion():
    # Both sides move apart: the centre stands still.
    boxes = np.array([[0, 0, 50, 100]], float)
    np.testing.assert_allclose(walkers_width(boxes, np.array([[-90.0, 0, 90, 0]])), boxes)


def test_a_swinging_width_is_evened_out():
    # Widths 40 and 50 in turn about one left side; five frames 40 50 40 50 40: the mean, 44.
    swing = [people(100, width=40 + 10 * (t % 2)) for t in range(9)]
    middle = list(smooth_boxes(stream(swing), 2, SECONDS))[4].people
    assert middle.boxes[0, 2] - middle.boxes[0, 0] == pytest.approx(44, abs=1e-3)


def test_two_samples_are_no_line():
    out = list(smooth_boxes(stream([people(100), people(103)]), 2, SECONDS))
    assert out[0].people.boxes[0, 0] == 100
    assert out[1].people.boxes[0, 0] == 103


def test_line_by_hand():
    # Values 0, 3, 3 at times 0, 1, -1, equal weights: flat line at their mean, 2.
    values = np.zeros((3, 1, 4))
    values[1:] = 3
    line, slope = line_at_zero(np.array([0, 1, -1]), values, np.ones((3, 1)))
    assert line == pytest.approx(2.0)
    assert slope == pytest.approx(0.0)
    # At times 0, 1, 2 the line is least squares through (0, 0), (1, 3), (2, 3): 0.5 + 1.5 t.
    line, slope = line_at_zero(np.array([0, 1, 2]), values, np.ones((3, 1)))
    assert line == pytest.approx(0.5)
    assert slope == pytest.approx(1.5)


def test_weights_count_by_hand():
    # Samples 0, 6, 6 at 0, 1, -1 with weights 2, 1, 1: (2*0 + 6 + 6) / 4 = 3.
    values = np.zeros((3, 1, 4))
    values[1:] = 6
    weights = np.array([[2.0], [1.0], [1.0]])
    line, _ = line_at_zero(np.array([0, 1, -1]), values, weights)
    assert line == pytest.approx(3.0)


def test_the_cameras_shake_does_not_move_boxes_off_their_people():
    shake = [0, 9, 0, 9, 0, 9, 0, 9, 0]
    crowd = [people(*(x + s for x in (50, 150, 250, 350, 450))) for s in shake]
    out = list(smooth_boxes(stream(crowd), 2, SECONDS))
    for s, item in zip(shake, out, strict=True):
        np.testing.assert_allclose(
            item.people.boxes[:, 0], np.array([50, 150, 250, 350, 450]) + s, atol=1e-3
        )


def test_continuation_by_hand():
    """Boxes 40 wide; 10 px aside they share 30 of 50, 25 px aside 15 of 65: less than .3."""
    before = People(people(0).boxes, np.array([0.5]))
    now = People(people(0, 10, 25).boxes, np.array([0.1, 0.8, 0.9]))
    np.testing.assert_allclose(continuation(before, now), [[0.05, 0.6 * 0.4, 0]], atol=1e-6)


def test_a_weak_box_takes_no_sure_ones_place():
    """A sure person walks 3 px a frame; in every other frame a weak half box lies where the sure
    one was before, which by overlap alone is the continuation.
    """
    alone = [People(people(100 + 3 * t).boxes, np.array([0.9])) for t in range(9)]
    beside = list(alone)
    for t in (3, 5):
        both = np.concatenate([alone[t].boxes, alone[t - 1].boxes])
        beside[t] = People(both, np.array([0.9, 0.05]))
    clean, found = (list(smooth_boxes(stream(each), 2, SECONDS)) for each in (alone, beside))
    for a, b in zip(clean, found, strict=True):
        np.testing.assert_allclose(a.people.boxes[0], b.people.boxes[0], atol=1e-3)


def test_weak_scores_by_hand():
    """Below .15 (own + average of the three frames) / 2, .15 at most; higher scores stay."""
    scores = np.array([[0.05, 0.05, 0.14, 0.15], [0.9, 0.1, 0.0, 0.9], [0.0, 0.03, 0.01, 0.2]])
    # Averages: .95 / 3 and so .183, at most .15; .18 / 3 = .06; .15 / 3 = .05.
    np.testing.assert_allclose(weak_by_others(scores), [0.15, 0.055, 0.095, 0.15])


def test_who_is_seen_better_around_goes_before_what_is_seen_once():
    """Somebody at 100 is hidden in frame 2 (.02); at 300 something is seen there only (.1)."""
    items = [People(people(100).boxes, np.array([0.8])) for _ in range(5)]
    items[2] = People(people(300, 100).boxes, np.array([0.1, 0.02]))
    hidden = list(smooth_boxes(stream(items), 2, SECONDS))[2].people
    assert hidden.boxes[:, 0].tolist() == pytest.approx([100, 300])
    # (.02 + 3.22 / 5) / 2 = .332, at most .15; (.1 + .1 / 5) / 2 = .06.
    np.testing.assert_allclose(hidden.scores, [0.15, 0.06], atol=1e-6)


def test_common_motion_needs_several_people():
    a, b = people(0, 100, 200), people(5, 105, 205)
    assert common_motion(a.boxes, b.boxes, np.arange(3)).tolist() == [0, 0]
    a, b = people(0, 100, 200, 300), people(5, 105, 205, 400)
    assert common_motion(a.boxes, b.boxes, np.arange(4)).tolist() == [5, 0]


def test_look_ahead_is_bounded():
    taken = []

    def source():
        for t in range(20):
            taken.append(t)
            yield FramePeople(t, people(10 + t), NO_IMAGE)

    out = smooth_boxes(source(), 3, SECONDS)
    next(out)
    assert len(taken) == 4


@pytest.mark.parametrize(
    ("fps", "stride", "expected"), [(10, 1, 2), (25, 1, 6), (50, 1, 6), (10, 5, 0)]
)
def test_frames_around(fps, stride, expected):
    assert frames_around(0.25, fps, stride) == expected


def test_a_box_that_becomes_narrow_does_not_turn_over():
    """Somebody leaves at the right edge (640), 20, 9 and 4 px wide; the last box is unsure.

    The line through the first two widths alone would be 9 - 11 = -2 wide in the last frame.
    """
    seen = [(20, 0.9), (9, 0.9), (4, 1e-4)]
    items = [People(np.array([[640 - w, 60, 640, 180]]), np.array([s])) for w, s in seen]
    last = list(smooth_boxes(stream(items), 2, SECONDS))[2].people.boxes[0]
    np.testing.assert_array_equal(last, [636, 60, 640, 180])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_smoothed_box_is_reversed(seed):
    """Whatever narrow boxes follow each other, at the frame's edge and inside."""
    rng = np.random.default_rng(seed)
    width = 200 * np.exp(rng.uniform(-0.85, 0.2, 9).cumsum())
    right = 640 + rng.choice([0, 1]) * rng.normal(0, 2, 9)
    corners = np.stack([right - width, np.full(9, 60), right, np.full(9, 180)], axis=1)
    for clipped in (corners, np.clip(corners, 0, 640)):
        items = [People(box[None], 10 ** rng.uniform(-4, 0, 1)) for box in clipped]
        for item in smooth_boxes(stream(items), 3, SECONDS):
            assert (item.people.boxes[:, 2:] >= item.people.boxes[:, :2]).all()
