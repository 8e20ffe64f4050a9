import numpy as np
import pytest

from hie_cli.core.types import People
from hie_cli.detection.perspective import by_perspective

HIGH = 1000


def standing(feet, heights, scores):
    """People 40 px wide whose feet are at rows ``feet``, ``heights`` tall."""
    feet, heights = np.array(feet, float), np.array(heights, float)
    left = 60.0 * np.arange(len(feet))
    boxes = np.stack((left, feet - heights, left + 40, feet), 1)
    return People(boxes, np.array(scores, float))


def on_a_line(count, *more):
    """``count`` sure people, as tall as half of their distance to row 200, and more."""
    feet = np.linspace(400, 900, count)
    rows = [(f, (f - 200) / 2, 0.9) for f in feet]
    return standing(*zip(*rows, *more, strict=True))


def test_who_is_on_the_line_keeps_the_score():
    people = on_a_line(8)
    np.testing.assert_allclose(by_perspective(people, HIGH), people.scores, rtol=1e-3)


def test_odds_of_a_box_off_the_line_by_hand():
    # Ten people exactly on the line (8.1 of weight) and an unknown one of deviation 0.6: variance
    # 0.36 / 9.1 = 0.0396. At half the height the deviation is ln(1/2) = -0.693, and its weight in
    # the fit 0 (below 0.3): exp(-0.4805 / 2 x (1 / 0.0396 - 1 / 0.36)) = 0.0045. The tenth who
    # sit: 1/9 x 0.199 / 0.6 = 0.0369; odds 0.25 x (0.0045 + 0.0369) / 1.0369.
    people = on_a_line(10, (600, 100, 0.2))
    odds = 0.25 * (0.0045 + 0.0369) / 1.0369
    assert by_perspective(people, HIGH)[-1] == pytest.approx(odds / (1 + odds), rel=0.02)


def test_too_tall_is_as_wrong_as_too_small():
    tall, small = on_a_line(10, (600, 400, 0.2)), on_a_line(10, (600, 100, 0.2))
    assert by_perspective(tall, HIGH)[-1] == pytest.approx(
        by_perspective(small, HIGH)[-1], rel=0.01
    )


def test_one_sure_outlier_does_not_turn_the_line():
    people = on_a_line(10, (900, 90, 0.95))
    scores = by_perspective(people, HIGH)
    np.testing.assert_allclose(scores[:-1], 0.9, atol=0.02)
    assert scores[-1] < 0.75


@pytest.mark.parametrize("people", [People.empty(), standing([500, 600], [30, 300], [0.9, 0.9])])
def test_few_people_keep_their_scores(people):
    np.testing.assert_array_equal(by_perspective(people, HIGH), people.scores)


def test_weak_boxes_draw_no_line():
    people = standing([400, 600, 800], [300, 10, 90], [0.29, 0.29, 0.29])
    np.testing.assert_allclose(by_perspective(people, HIGH), 0.29)


def test_heights_that_follow_no_line_say_little():
    """As under a ceiling camera."""
    feet, heights = [300, 400, 500, 600, 700, 800], [40, 280, 60, 250, 30, 260]
    scores = by_perspective(standing(feet, heights, [0.9] * 6), HIGH)
    assert (scores > 0.85).all()


def test_nothing_is_raised_and_all_is_finite():
    rng = np.random.default_rng(0)
    people = standing(rng.uniform(1, 1000, 50), rng.uniform(1, 400, 50), rng.uniform(0, 1, 50))
    scores = by_perspective(people, HIGH)
    assert np.isfinite(scores).all()
    assert (scores <= people.scores + 1e-6).all()
    assert (scores >= 0).all()


def test_independent_of_the_pictures_size():
    people = on_a_line(10, (600, 60, 0.4))
    half = people.replace(boxes=people.boxes / 2)
    np.testing.assert_allclose(
        by_perspective(half, HIGH // 2), by_perspective(people, HIGH), rtol=1e-4
    )
