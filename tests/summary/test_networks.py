"""SUM-GDA's attention by hand, its traps, and summarisers kept in folders."""

import json

import numpy as np
import pytest
import torch

from hie_cli import ConfigError, ModelError
from hie_cli.summary.networks import RecurrentSelector, SumGda, diversity, normalised
from hie_cli.summary.trained import (
    NetworkShape,
    TrainedScorer,
    load_scorer,
    require_backbone,
    save_scorer,
)


def unit_features(samples, numbers=8, seed=0):
    rows = torch.from_numpy(np.random.default_rng(seed).normal(size=(samples, numbers))).float()
    return torch.nn.functional.normalize(rows, dim=-1)


def test_diversity_by_hand():
    attention = torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]])
    # .5 * .7 * .8, .8 * .4 * .8, .9 * .9 * .2; over their sum .698
    weights = diversity(attention)
    assert weights.tolist() == pytest.approx([0.28, 0.256, 0.162])
    assert normalised(weights).tolist() == pytest.approx([0.40115, 0.36676, 0.23209], abs=1e-5)


def test_even_attention_is_the_largest_and_a_single_one_the_least():
    even = torch.full((300, 300), 1 / 300)
    assert diversity(even).tolist() == pytest.approx([(1 - 1 / 300) ** 300] * 300, rel=1e-4)
    assert normalised(diversity(even)).tolist() == pytest.approx([1 / 300] * 300, rel=1e-4)
    alone = torch.eye(3)
    alone.requires_grad_()
    diversity(alone).sum().backward()
    assert diversity(alone).tolist() == [0, 0, 0]  # the product itself: no logarithm of 0
    assert torch.isfinite(alone.grad).all()
    assert normalised(torch.zeros(4)).tolist() == [0.25] * 4


def test_the_order_of_samples_means_nothing():
    network = SumGda(8, 16).eval()
    features = unit_features(12)
    order = torch.randperm(12)
    with torch.no_grad():
        assert network(features[order])[0].tolist() == pytest.approx(
            network(features)[0][order].tolist(), abs=1e-5
        )


def test_equal_samples_have_equal_weights():
    """Global diverse attention by itself does not repel duplicates."""
    features = unit_features(6)
    features[3] = features[0]
    with torch.no_grad():
        weights = SumGda(8, 16).eval().weights(features)
    assert float(weights.sum()) == pytest.approx(1)
    assert float(weights[3]) == pytest.approx(float(weights[0]))


def test_plain_scale_leaves_the_attention_even():
    """At 1 / sqrt(width) and unit features d is constant.

    prod(1 - a) is about exp(-1 - sum(a^2) / 2): only rows that attend to a handful of samples
    differ, which takes a far larger scale.
    """
    features = unit_features(50, 64)
    torch.manual_seed(0)
    plain = SumGda(64, 64, itself=True, tied=False).eval()
    sharp = SumGda(64, 64, scale=200.0, itself=True, tied=False).eval()
    sharp.load_state_dict(plain.state_dict())
    with torch.no_grad():
        spread = [float((50 * network.weights(features)).std()) for network in (plain, sharp)]
    assert spread[0] < 0.01 < 0.1 < spread[1]


def test_over_the_others_alone_the_unlike_sample_weighs_most():
    """By hand as above, without the diagonal: .7 * .8, .8 * .8, .9 * .9."""
    attention = torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]])
    assert diversity(attention, itself=False).tolist() == pytest.approx([0.56, 0.64, 0.81])
    parts = [diversity(attention[:2], False), diversity(attention[2:], False, first=2)]
    assert torch.cat(parts).tolist() == pytest.approx([0.56, 0.64, 0.81])
    # Nine samples close to each other and one apart: it attends to itself, and over all samples
    # that makes its weight the least, over the others the greatest.
    features = torch.eye(16)[[0] * 9 + [1]] + 0.01 * unit_features(10, 16)
    for width in (8, 16, 32):
        torch.manual_seed(0)
        others, whole = (SumGda(16, width, scale=10.0, itself=i).eval() for i in (False, True))
        whole.load_state_dict(others.state_dict())
        with torch.no_grad():
            assert int(others.weights(features).argmax()) == 9
            assert int(whole.weights(features).argmin()) == 9


def test_what_is_held_at_once_changes_nothing(monkeypatch):
    network, features = SumGda(8, 16, scale=5.0).eval(), unit_features(23)
    with torch.enable_grad():
        whole = network.weights(features).detach()
    monkeypatch.setattr("hie_cli.summary.networks._ROWS", 5)
    with torch.no_grad():
        assert network.weights(features).tolist() == pytest.approx(whole.tolist(), rel=1e-5)


@pytest.mark.parametrize("options", [{}, {"count_weights": False, "residual": False}])
def test_one_sample_has_a_score(options):
    network = SumGda(8, 16, **options).eval()
    assert 0 < network(unit_features(1))[0].item() < 1
    assert 0 < RecurrentSelector(8, 4, 2)(unit_features(1)).item() < 1


def test_without_count_and_residual_the_attention_drowns():
    """d shrinks as 1 / n: what comes before LayerNorm is far below its epsilon's root."""
    features = unit_features(300, 64)
    network = SumGda(64, 64, tied=False, count_weights=False, residual=False).eval()
    with torch.no_grad():
        mapped = network.back(network.weights(features)[:, None] * network.value(features))
    assert float(mapped.std()) < 1e-3


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(1)
    shape = NetworkShape("sum-gda", 8, width=16, scale=3.0)
    state = {k: v.numpy() for k, v in shape.build().state_dict().items()}
    save_scorer(tmp_path / "gda", shape, state, "mobilenet-v2", "f00", {"videos": 3})
    return tmp_path / "gda"


def test_a_summariser_comes_back_as_it_was_kept(folder):
    torch.manual_seed(1)
    network = NetworkShape("sum-gda", 8, width=16, scale=3.0).build()
    features = unit_features(9).numpy()
    before = TrainedScorer(NetworkShape("sum-gda", 8), network, "", "").scores(features)
    assert load_scorer(folder).scores(features) == pytest.approx(before)
    # Features of any length: they are made unit first.
    assert load_scorer(folder).scores(3 * features) == pytest.approx(before, rel=1e-5)


def test_other_features_are_refused(folder):
    scorer = load_scorer(folder)
    with pytest.raises(ModelError, match="features of 5 numbers; this summariser was trained on 8"):
        scorer.scores(np.ones((3, 5)))
    with pytest.raises(ConfigError, match="was trained on mobilenet-v2"):
        require_backbone(scorer, folder, "osnet-x025", "f01")
    require_backbone(scorer, folder, "mobilenet-v2", "f00")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "hie hash encoder"},
        {"shape": {"network": "sum-gda", "features": 10**9}},
        {"shape": {"network": "lstm", "features": 8}},
        {"shape": {"network": "sum-gda", "features": 8, "code": "import os"}},
        {"shape": {"network": "sum-gda", "features": 8, "width": 16, "scale": 3.0}},
        {"shape": None},
        {"sha256": 5},
    ],
)
def test_a_card_that_no_training_wrote_is_refused(folder, change):
    card = folder / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), **change}))
    with pytest.raises(ModelError, match=r"not a summariser's card; train it again"):
        load_scorer(folder)


def test_damaged_or_missing_weights_are_refused(folder, tmp_path):
    weights = folder / "summary.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(ModelError, match="sha256"):
        load_scorer(folder)
    with pytest.raises(ModelError, match="cannot be read"):
        load_scorer(tmp_path / "none")
