import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli.core.types import People
from hie_cli.detection.box_fusion import (
    ALWAYS,
    RecallByHeight,
    ViewDetections,
    fuse,
    grouped,
    in_a_crowd,
)
from tests.support.found_boxes import people


def odds_mean(one, other):
    """The chance whose odds are the geometric mean of those of two chances."""
    odds = np.sqrt(one / (1 - one) * other / (1 - other))
    return odds / (1 + odds)


def with_joint(people, x, score):
    """``people`` (one) whose every joint is at (x, 0)."""
    points = np.zeros((1, 14, 2))
    points[..., 0] = x
    return people.replace(keypoints=points, keypoint_scores=np.full((1, 14), score))


def test_nobody_in_any_view():
    assert (
        len(
            fuse(
                [ViewDetections(People.empty(), ALWAYS), ViewDetections(People.empty(), ALWAYS)],
                0.55,
            )
        )
        == 0
    )


def test_one_view_passes_through():
    seen = people((0, 0, 10, 20, 0.9), (30, 0, 40, 20, 0.4))
    fused = fuse([ViewDetections(seen, ALWAYS)], 0.55)
    np.testing.assert_allclose(fused.boxes, seen.boxes, atol=1e-5)
    np.testing.assert_allclose(fused.scores, [0.9, 0.4], atol=1e-6)
    assert fused.keypoints is None


def test_two_views_weight_the_box_and_join_the_scores():
    a, b = people((0, 0, 10, 20, 0.8)), people((2, 0, 12, 20, 0.4))
    fused = fuse([ViewDetections(a, ALWAYS), ViewDetections(b, ALWAYS)], 0.55)
    assert len(fused) == 1
    x1 = (0.8 * 0 + 0.4 * 2) / (0.8 + 0.4)
    np.testing.assert_allclose(fused.boxes[0], [x1, 0, x1 + 10, 20], atol=1e-4)
    either = 1 - (1 - 0.8) * (1 - 0.4)
    np.testing.assert_allclose(fused.scores, [odds_mean((0.8 + 0.4) / 2, either)], atol=1e-5)


def test_a_miss_counts_against_and_a_blind_view_does_not():
    seen, missed = people((0, 0, 10, 20, 0.8)), People.empty()
    blind = RecallByHeight(np.array([10.0, 30.0]), np.array([0.0, 0.0]))
    np.testing.assert_allclose(
        fuse([ViewDetections(seen, ALWAYS), ViewDetections(missed, ALWAYS)], 0.55).scores,
        [odds_mean(0.8 / 2, 0.8)],
        atol=1e-5,
    )
    np.testing.assert_allclose(
        fuse([ViewDetections(seen, ALWAYS), ViewDetections(missed, blind)], 0.55).scores,
        [0.8],
        atol=1e-4,
    )


def test_competence_is_squared_and_read_at_the_height():
    half = RecallByHeight(np.array([10.0, 30.0]), np.array([0.25, 0.75]))  # 0.5 at 20 px
    fused = fuse(
        [ViewDetections(people((0, 0, 10, 20, 0.8)), ALWAYS), ViewDetections(People.empty(), half)],
        0.55,
    )
    np.testing.assert_allclose(fused.scores, [odds_mean(0.8 / (1 + 0.5**2), 0.8)], atol=1e-4)


def test_a_sideways_view_reads_the_height_from_the_width():
    seen = people((0, 0, 20, 10, 0.8))  # lies on its side, 20 px tall
    sees = RecallByHeight(np.array([10.0, 20.0]), np.array([0.1, 0.9]))
    upright = grouped([ViewDetections(seen, sees)], 0.55)
    sideways = grouped([ViewDetections(seen, sees, sideways=True)], 0.55)
    np.testing.assert_allclose(upright.recall, [[0.1]])
    np.testing.assert_allclose(sideways.recall, [[0.9]])


def test_two_people_of_one_view_are_never_averaged():
    both = people((0, 0, 10, 20, 0.9), (1, 0, 11, 20, 0.8))  # IoU 9 / 11
    other = people((0.5, 0, 10.5, 20, 0.7))
    fused = fuse([ViewDetections(both, ALWAYS), ViewDetections(other, ALWAYS)], 0.55)
    assert len(fused) == 2
    pair, single = odds_mean((0.9 + 0.7) / 2, 1 - 0.1 * 0.3), odds_mean(0.8 / 2, 0.8)
    np.testing.assert_allclose(fused.scores, [pair, single], atol=1e-5)


def test_joints_of_two_views_and_of_one():
    box = people((0, 0, 10, 20, 0.5))
    near, far = with_joint(box, 4, 0.9), with_joint(box, 6, 0.3)
    fused = fuse([ViewDetections(near, ALWAYS), ViewDetections(far, ALWAYS)], 0.55)
    x = (0.9 * 4 + 0.3 * 6) / (0.9 + 0.3)
    np.testing.assert_allclose(fused.keypoints[0, :, 0], x, atol=1e-5)
    score = (0.9 * 0.9 + 0.3 * 0.3) / (0.9 + 0.3)
    np.testing.assert_allclose(fused.keypoint_scores[0], score, atol=1e-5)
    alone = fuse([ViewDetections(box, ALWAYS), ViewDetections(near, ALWAYS)], 0.55)
    np.testing.assert_allclose(alone.keypoints[0, :, 0], 4, atol=1e-5)


def test_a_person_without_pose_beside_one_with():
    posed = with_joint(people((0, 0, 10, 20, 0.5)), 4, 0.9)
    other = people((50, 0, 60, 20, 0.9))
    fused = fuse([ViewDetections(posed, ALWAYS), ViewDetections(other, ALWAYS)], 0.55)
    assert np.isnan(fused.keypoints[0]).all()
    assert (fused.keypoint_scores[0] == 0).all()
    assert np.isfinite(fused.keypoints[1]).all()


boxes = st.lists(
    st.tuples(*[st.floats(0, 80)] * 2, *[st.floats(5, 60)] * 2, st.floats(0.01, 1)), max_size=12
).map(lambda rows: people(*[(x, y, x + w, y + h, s) for x, y, w, h, s in rows]))


@settings(max_examples=60, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=3))
def test_fused_people_stay_within_what_was_seen(parts):
    fused = fuse([ViewDetections(part, ALWAYS) for part in parts], 0.55)
    total = sum(len(part) for part in parts)
    assert max(len(part) for part in parts) <= len(fused) <= total
    assert ((fused.scores >= 0) & (fused.scores <= 1)).all()
    assert (np.diff(fused.scores) <= 0).all()
    if total:
        every = np.concatenate([part.boxes for part in parts])
        assert (fused.boxes.min(0) >= every.min(0) - 1e-3).all()
        assert (fused.boxes.max(0) <= every.max(0) + 1e-3).all()


@settings(max_examples=30, deadline=None)
@given(boxes)
def test_the_same_view_twice_adds_nobody_and_doubts_nobody(people):
    once, twice = (
        fuse([ViewDetections(people, ALWAYS)], 0.55),
        fuse([ViewDetections(people, ALWAYS)] * 2, 0.55),
    )
    assert len(once) == len(people)
    assert len(twice) == len(people)
    # Near doubles of one view may swap partners, so only the sums of scores compare.
    assert once.scores.sum() - 1e-4 <= twice.scores.sum() <= 2 * once.scores.sum() + 1e-4


def test_a_crowd_of_ninety_is_not_cut_off():
    x, y = np.meshgrid(np.arange(15) * 20.0, np.arange(6) * 50.0)
    corner = np.stack((x.ravel(), y.ravel()), 1)
    crowd = People(np.concatenate((corner, corner + (15, 40)), 1), np.full(90, 0.6))
    assert len(fuse([ViewDetections(crowd, ALWAYS)] * 3, 0.55)) == 90


def test_scores_in_a_crowd_by_hand():
    # Eleven of 0.9 and one of 0.2: 11 x 0.81 + 0.04 = 8.95 people, odds times 9.95 / 5 = 1.99.
    scores = in_a_crowd(np.array([0.9] * 11 + [0.2]))
    assert scores[-1] == pytest.approx(0.25 * 1.99 / (1 + 0.25 * 1.99))
    assert scores[0] == pytest.approx(9 * 1.99 / (1 + 9 * 1.99))


def test_few_people_keep_their_scores():
    few = np.array([1.0, 0.9, 0.5, 0.03])  # 2.06 people: below 4
    np.testing.assert_allclose(in_a_crowd(few), few)
    assert in_a_crowd(np.zeros(0)).shape == (0,)


def test_a_crowd_keeps_the_order_and_the_range():
    scores = np.linspace(1, 0, 40)
    raised = in_a_crowd(scores)
    assert (np.diff(raised) < 0).all()
    assert raised[0] <= 1
    assert raised[-1] == 0
