import numpy as np
import pytest
import torch

from hie_cli.recognition.scene.correction import (
    Concatenation,
    ScenePrior,
    concatenated,
    probabilities,
    with_prior,
)
from hie_cli.training.action.scene_fit import fit_beta, fit_concatenation, fit_prior


def rows(*values):
    """Scores (N, 14) from the first few of each row."""
    out = np.zeros((len(values), 14))
    for row, given in zip(out, values, strict=True):
        row[: len(given)] = given
    return out


def test_nobody():
    assert with_prior(np.zeros((0, 14)), np.zeros((0, 14)), 1.0).shape == (0, 14)
    assert probabilities(ScenePrior(3), np.zeros((0, 3))).shape == (0, 14)
    assert concatenated(Concatenation(3), np.zeros((0, 14)), np.zeros((0, 3))).shape == (0, 14)


def test_a_prior_by_hand():
    # 0.6 * 0.2 = 0.12 against 0.4 * 0.8 = 0.32, the other twelve 1e-4 * 1e-4: 0.32 / 0.44.
    found = with_prior(rows([0.6, 0.4]), rows([0.2, 0.8]), 1.0)[0]
    assert found[1] == pytest.approx(0.32 / 0.44, rel=1e-3)
    # beta 1/2: 0.6 * sqrt(0.2) = 0.2683 against 0.4 * sqrt(0.8) = 0.3578.
    half = with_prior(rows([0.6, 0.4]), rows([0.2, 0.8]), 0.5)[0]
    assert half[1] / half[0] == pytest.approx(0.4 * 2 / 0.6, rel=1e-6)


def test_beta_0_and_an_even_prior_change_no_order():
    scores = np.random.default_rng(0).dirichlet(np.ones(14), 5)
    np.testing.assert_allclose(with_prior(scores, scores[::-1], 0.0), scores, atol=2e-3)
    even = with_prior(scores, np.full((5, 14), 1 / 14), 1.0)
    assert (np.argsort(even, 1) == np.argsort(scores, 1)).all()


def test_an_untrained_concatenation_believes_the_recogniser():
    scores = np.random.default_rng(0).dirichlet(np.full(14, 5.0), 4)
    found = concatenated(Concatenation(2), scores, np.ones((4, 2)))
    np.testing.assert_allclose(found, scores, atol=1e-5)


@pytest.fixture(scope="module")
def place():
    """Scores that cannot tell action 12 (stairs) from 0, and a scene of 3 numbers that can."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 12], 150)
    scenes = rng.normal(0, 1, (300, 3))
    scenes[:, 1] += np.where(labels == 12, 2.0, -2.0)
    scores = np.full((300, 14), 0.01)
    scores[:, [0, 12]] = 0.44 + rng.uniform(-0.1, 0.1, (300, 2))
    return scores, scenes, labels


def accuracy(labels):
    return lambda found: float((found.argmax(1) == labels).mean())


def test_a_scene_that_tells_helps_in_both_ways(place):
    scores, scenes, labels = place
    learn, rest = slice(0, None, 2), slice(1, None, 2)
    quality = accuracy(labels[rest])
    assert quality(scores[rest]) < 0.65
    prior = fit_prior(scenes[learn], labels[learn], steps=150)
    told = probabilities(prior, scenes[rest])
    beta = fit_beta(scores[rest], told, quality)
    assert beta > 0
    assert quality(with_prior(scores[rest], told, beta)) > 0.9
    both = fit_concatenation(scores[learn], scenes[learn], labels[learn], steps=150)
    assert quality(concatenated(both, scores[rest], scenes[rest])) > 0.9


def test_a_scene_that_tells_nothing_is_left_out(place):
    scores, _, labels = place
    # A prior that speaks for the wrong one of the two: no beta helps, so the least is taken.
    wrong = rows(*[[0.9] if label == 12 else [0.1] for label in labels])
    wrong[:, 12] = 1 - wrong[:, 0]
    assert fit_beta(scores, wrong, accuracy(labels)) == 0.0


def test_fitting_is_repeatable(place):
    _, scenes, labels = place
    first, second = (fit_prior(scenes, labels, steps=20, seed=3).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_prior_keeps_its_measure_when_saved(place):
    _, scenes, labels = place
    network = fit_prior(scenes, labels, steps=20)
    again = ScenePrior(3)
    again.load_state_dict(network.state_dict())
    np.testing.assert_array_equal(probabilities(again, scenes), probabilities(network, scenes))
