"""Fits find again what made-up candidates were drawn from."""

import numpy as np
import pytest

from hie_cli.core.types import People
from hie_cli.models.calibration import HEIGHTS, ScoreCalibration
from hie_cli.models.calibration_fit import (
    Samples,
    average_precision,
    fit_joints,
    fit_scores,
)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def candidates(count, groups=("a", "b", "c", "d")):
    """Rows of a network whose true chance is sigmoid(0.5 + 2 logit(score)) at every height."""
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.02, 0.98, count)
    heights = np.exp(rng.uniform(np.log(20), np.log(400), count))
    chance = sigmoid(0.5 + 2 * np.log(scores / (1 - scores)))
    right = rng.random(count) < chance
    names = rng.choice(groups, count)
    return [
        (str(g), float(s), float(h), bool(r))
        for g, s, h, r in zip(names, scores, heights, right, strict=True)
    ]


def test_the_law_of_the_scores_is_found_again():
    samples = Samples(scores=candidates(6000))
    # Of people shorter than 100 pixels half are found, of taller ones all.
    samples.people = [("a", 0.9 * (i % 2 or h > 100), h) for i in range(400) for h in (50.0, 300.0)]
    fit = fit_scores(samples)
    b0, b1, b2, b3 = fit.record.coefficients
    assert (b0, b1) == (pytest.approx(0.5, abs=0.2), pytest.approx(2, abs=0.2))
    assert abs(b2) < 0.2
    assert abs(b3) < 0.2
    assert fit.left_out < fit.raw
    recall = dict(zip(HEIGHTS, fit.record.recall, strict=True))
    assert recall[50] == pytest.approx(0.5, abs=0.02)
    assert recall[310] == pytest.approx(1.0, abs=0.02)
    assert recall[9] == recall[32]  # nobody was so small: the edge's value holds


def test_one_video_leaves_none_out():
    samples = Samples(scores=candidates(500, ("a",)), people=[("a", 0.9, 100.0)] * 40)
    fit = fit_scores(samples)
    assert (fit.left_out, fit.raw) == (None, None)


def test_a_higher_score_is_never_a_lower_chance():
    backwards = [(g, 1 - s, h, r) for g, s, h, r in candidates(2000)]
    samples = Samples(scores=backwards, people=[("a", 0.5, 100.0)] * 40)
    assert fit_scores(samples).record.coefficients[1] > 0


def test_joints_of_crops_have_no_height():
    rows = candidates(4000)
    fit = fit_joints(Samples(joints=rows), crops=True)
    b0, b1, b2 = fit.record.coefficients
    assert (b0, b1) == (pytest.approx(0.5, abs=0.2), pytest.approx(2, abs=0.2))
    assert b2 == 0
    near = [(group, score, height, right and height > 60) for group, score, height, right in rows]
    assert fit_joints(Samples(joints=near), crops=False).record.coefficients[2] > 0.5
    assert fit_joints(Samples(joints=rows), crops=False).record.coefficients[2] == pytest.approx(
        0, abs=0.2
    )


def test_candidates_are_matched_with_the_truth():
    truth = np.array([[0, 0, 50, 100], [100, 0, 150, 100], [300, 0, 350, 100]], np.float32)
    ignore = np.array([False, False, True])
    found = People(
        [[0, 0, 40, 100], [2, 0, 50, 100], [300, 0, 350, 100], [500, 0, 550, 100]],
        [0.9, 0.8, 0.7, 0.6],
    )
    samples = Samples()
    taken = samples.add_people("a", found, truth, ignore, scale=2.0)
    assert taken.tolist() == [0, -1, 2, -1]  # the second is a copy, the last is nobody
    rows = [(round(score, 1), height, right) for _, score, height, right in samples.scores]
    assert rows == [(0.9, 200, True), (0.8, 200, False), (0.6, 200, False)]  # not the ignored one
    assert samples.people == [("a", pytest.approx(0.9), 200), ("a", 0.0, 200)]


def test_too_little_to_fit():
    assert fit_scores(Samples(scores=candidates(29))) is None
    assert fit_joints(Samples(), crops=False) is None


def test_a_fit_that_does_not_hold_elsewhere_leaves_what_was_known():
    """Scores mean one thing in half of the videos and the contrary in the others."""
    rows = candidates(400, ("a",)) + candidates(400, ("b",))
    rows += [(group.upper(), score, height, not right) for group, score, height, right in rows]
    samples = Samples(scores=rows, people=[("a", 0.5, 100.0)] * 40)
    known = ScoreCalibration((0.0, 0.05, 0.0, 0.0), (1.0,) * 12)
    fit = fit_scores(samples, known)
    assert fit.record.coefficients[0] == pytest.approx(0, abs=0.3)
    assert fit.record.coefficients[1] == pytest.approx(0.05, abs=0.05)
    assert fit.left_out <= fit.raw


def test_average_precision_by_hand():
    # a: right, wrong, right of 2: (1 + 2/3) / 2 = 5/6. b: one of 2 found, first: 1/2. Mean 2/3.
    rows = [("a", 0.9, 100.0, True), ("a", 0.8, 100.0, False), ("a", 0.7, 100.0, True)]
    samples = Samples(scores=[*rows, ("b", 0.6, 100.0, True)])
    samples.people = [("a", 0.9, 100.0)] * 2 + [("b", 0.6, 100.0)] * 2
    record = ScoreCalibration((0.0, 1.0, 0.0, 0.0), (1.0,) * 12)
    assert average_precision(samples, record) == pytest.approx(2 / 3)
