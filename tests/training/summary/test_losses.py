"""Losses without labels by hand, and what Cycle-SUM's parts must do."""

import pytest
import torch

from hie_cli.training.summary.cycle import (
    Critic,
    CycleNetworks,
    CycleWeights,
    clip_weights,
    critic_loss,
    cycle_loss,
    divergence,
    maker_losses,
    monitors,
    wasserstein,
)
from hie_cli.training.summary.losses import (
    distance_loss,
    length_loss,
    repelling,
    variance_loss,
)
from hie_cli.training.summary.settings import CycleConfig


def test_repelling_by_hand():
    assert float(repelling(torch.eye(4))) == pytest.approx(0)
    assert float(repelling(torch.ones(5, 3))) == pytest.approx(1)
    rows = torch.tensor([[2.0, 0], [0, 1], [3, 3]])
    # Pairs: 0, 1/sqrt 2, 1/sqrt 2, each twice of six.
    assert float(repelling(rows)) == pytest.approx(2 / 3 / 2**0.5)
    assert float(repelling(torch.ones(1, 3))) == 0
    # Weighted 1, 1, 0: only the orthogonal pair counts.
    assert float(repelling(rows, torch.tensor([1.0, 1, 0]))) == pytest.approx(0, abs=1e-6)
    assert float(repelling(rows, torch.tensor([0.0, 1, 1]))) == pytest.approx(0.5**0.5)


def test_distances_of_what_is_chosen_by_hand():
    rows = torch.tensor([[0.0, 0], [3, 4], [3, 0]])  # squared distances 25, 9, 16
    assert float(distance_loss(rows, torch.ones(3))) == pytest.approx(-(25 + 9 + 16) / 3 / 2)
    assert float(distance_loss(rows, torch.tensor([1.0, 1, 0]))) == pytest.approx(-12.5)
    # Pairs count 2, 2 and 4 of 8: (2 * 25 + 2 * 9 + 4 * 16) / 8 / 2.
    weights = torch.tensor([1.0, 2, 2])
    assert float(distance_loss(rows, weights)) == pytest.approx(-(50 + 18 + 64) / 8 / 2)
    assert float(distance_loss(rows[:1], weights[:1])) == 0


def test_length_and_variance_by_hand():
    scores = torch.tensor([0.0, 1.0, 0.0, 1.0])
    assert float(length_loss(scores, 0.3)) == pytest.approx(0.2)
    assert float(variance_loss(scores)) == pytest.approx(0)
    assert float(variance_loss(torch.full((4,), 0.3))) == pytest.approx(1)


def networks(features=6):
    torch.manual_seed(3)
    return CycleNetworks(features, hidden=5, layers=2)


def test_a_cycle_of_identities_costs_nothing():
    features = torch.randn(7, 4)
    assert float(cycle_loss(features, features)) == 0
    # |1| + |2| + |0| + |3| over 2 samples.
    apart = torch.tensor([[1.0, 2], [0, -3]])
    assert float(cycle_loss(apart, torch.zeros(2, 2))) == 3


def test_a_critic_is_turned_by_swapping_its_inputs():
    critic = Critic(4, 5)
    a, b = torch.randn(6, 4), torch.randn(6, 4)
    assert wasserstein(critic, a, b).item() == pytest.approx(-wasserstein(critic, b, a).item())


def test_divergence_by_hand():
    assert divergence(torch.zeros(2), torch.zeros(2)).tolist() == [0, 0]
    # (1 + e^0 - 1 - 0) / 2
    assert divergence(torch.ones(1), torch.zeros(1)).tolist() == [0.5]


def test_the_selector_rests_where_the_length_is_met():
    """With sparsity alone and mean(x) = length nothing moves it."""
    made, features = networks(), torch.randn(9, 6)
    mean = float(made.selector(features).mean().detach())
    losses = maker_losses(made, features, CycleWeights(mean, 1.0, 0.0, 0.0, 0.0))
    losses["total"].backward()
    assert float(losses["total"].detach()) == pytest.approx(0, abs=1e-6)
    grad = made.selector.score.weight.grad
    assert float(grad.abs().max()) < 1e-6 or float(losses["sparse"].detach()) < 1e-7


def test_a_summary_of_nothing_does_not_pay():
    """By the default weights; at a cycle weight of 1 it did, and the scores collapsed to 0.

    A generator that has learned nothing gives 0 for 0 and for a summary s: the cycle costs nothing,
    or |s|_1 a sample.
    """
    features = torch.nn.functional.normalize(torch.randn(20, 1280), dim=-1)
    how, length = CycleConfig(), 0.3

    def cost(score: float) -> float:
        nothing = torch.zeros_like(features)
        cycle = float(cycle_loss(nothing, score * features))
        return how.sparse_weight * abs(score - length) + how.cycle_weight * cycle

    assert cost(length) < cost(0.0)
    assert float(cycle_loss(torch.zeros_like(features), length * features)) > cost(0.0)


def test_critics_learn_alone():
    made, features = networks(), torch.randn(9, 6)
    critic_loss(made, features).backward()
    assert all(weight.grad is None for weight in made.makers())
    # The score's bias cancels in a difference; all else moves.
    moved = [w for w in made.critics() if w.grad is not None and w.grad.abs().max() > 0]
    assert len(moved) >= len(made.critics()) - 4


def test_one_sample_is_enough():
    made = networks().eval()
    losses = maker_losses(made, torch.randn(1, 6), CycleWeights(0.3, 1, 1, 1, 1))
    assert all(torch.isfinite(value) for value in losses.values())
    assert set(monitors(made, torch.randn(1, 6), 0.3)) == {
        "mean", "spread", "soft", "flat", "hard", "kl",
    }  # fmt: skip


def test_monitors_tell_a_constant_selector():
    made, features = networks().eval(), torch.randn(20, 6)
    with torch.no_grad():
        made.selector.score.weight.zero_()
        made.selector.score.bias.fill_(torch.tensor(0.3).logit())
    found = monitors(made, features, 0.3)
    assert found["mean"] == pytest.approx(0.3)
    assert found["spread"] == pytest.approx(0, abs=1e-6)
    assert found["soft"] == pytest.approx(found["flat"])


def test_all_weights_are_clipped():
    made = networks()
    with torch.no_grad():
        made.selector.score.bias.fill_(3.0)
    clip_weights(made, 0.2)
    assert max(weight.abs().max().item() for weight in made.parameters()) == pytest.approx(0.2)
