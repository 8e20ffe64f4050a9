"""Losses of hashing against numbers worked by hand (arXiv 1908.00347)."""

import math

import pytest
import torch

from hie_cli.training.hash import losses
from hie_cli.training.hash.losses import (
    CentralSimilarity,
    PairwiseLikelihood,
    TripletLikelihood,
    WeightedContinuation,
    center_loss,
    quantisation_loss,
)

CENTERS = torch.tensor([[1.0, 1, 1, 1], [1, -1, 1, -1]])
TIES = torch.tensor([1.0, 1, -1, -1])


def test_center_and_quantisation_loss_of_four_bits():
    """h = (.9, -.9, .5, -.2), c = (1, -1, 1, 1): agreements .95, .95, .75, .4.

    BCE = -(ln .95 + ln .95 + ln .75 + ln .4) / 4 = .32664; Q = (.01 + .01 + .25 + .64) / 4 = .2275.
    """
    codes = torch.tensor([[0.9, -0.9, 0.5, -0.2]])
    center = torch.tensor([[1.0, -1, 1, 1]])
    by_hand = -sum(math.log(p) for p in (0.95, 0.95, 0.75, 0.4)) / 4
    assert center_loss(codes, center).item() == pytest.approx(by_hand, abs=1e-5)
    assert by_hand == pytest.approx(0.32664, abs=1e-5)
    assert quantisation_loss(codes).item() == pytest.approx(0.2275, abs=1e-6)


def test_csq_goes_to_zero_at_the_centers():
    loss = CentralSimilarity(CENTERS, TIES, 0.05)
    labels = torch.eye(2)
    values = [loss(scale * CENTERS, labels, 0.0).item() for scale in (1, 3, 9)]
    assert values[0] > values[1] > values[2]
    assert values[2] < 1e-6


def test_csq_of_two_classes_takes_shared_ties():
    """The sum of the centers is (2, 0, 2, 0): the ties decide bits 1 and 3, to +1 and -1."""
    loss = CentralSimilarity(CENTERS, TIES, 0.0)
    wanted = torch.tensor([[1.0, 1, 1, -1]])
    labels = torch.ones((1, 2))
    assert loss(9 * wanted, labels, 0.0) < 1e-6
    assert loss(-9 * wanted, labels, 0.0) > 5


@pytest.mark.parametrize(
    "loss", [PairwiseLikelihood(), WeightedContinuation(), TripletLikelihood()]
)
def test_pairs_and_triplets_prefer_codes_by_class(loss):
    labels = torch.eye(2)[[0, 0, 1, 1]]
    good = torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 1], [-1, -1, -1, -1], [-1, -1, -1, -1]])
    mixed = good[[0, 2, 1, 3]]
    assert loss(good, labels, 0.5) < loss(mixed, labels, 0.5)
    raw = torch.zeros((4, 4), requires_grad=True)
    loss(raw + 0.1 * good, labels, 0.5).backward()
    assert torch.isfinite(raw.grad).all()


def test_dpsh_of_two_alike_by_hand():
    """u . u = 4, theta = 2: ln(1 + e^2) - 2 = .12693; outputs are signs, so no quantisation."""
    raw = torch.ones((2, 4))
    found = PairwiseLikelihood()(raw, torch.ones((2, 1)), 0.0).item()
    assert found == pytest.approx(math.log(1 + math.exp(2)) - 2, abs=1e-5)


def test_dtsh_is_the_mean_over_rows_however_many_at_a_time(monkeypatch):
    raw = torch.randn((7, 8), generator=torch.Generator().manual_seed(0))
    labels = torch.eye(3)[[0, 0, 0, 1, 1, 2, 2]]
    whole = TripletLikelihood()(raw, labels, 0.0)
    monkeypatch.setattr(losses, "_ROWS", 2)
    assert TripletLikelihood()(raw, labels, 0.0).item() == pytest.approx(whole.item(), rel=1e-6)
    alone = TripletLikelihood(0.0)(raw[:2], torch.eye(2), 0.0)  # nobody has a like
    assert alone.item() == 0


def test_dtsh_of_one_triplet_by_hand():
    """B = 4: theta of the like 2, of the other -2, margin 2: ln(1 + e^-(4 - 2)) for both likes."""
    raw = torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 1], [-1, -1, -1, -1]])
    found = TripletLikelihood(0.0)(raw, torch.eye(2)[[0, 0, 1]], 0.0).item()
    assert found == pytest.approx(math.log(1 + math.exp(-2)), abs=1e-5)
