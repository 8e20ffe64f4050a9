"""Scores without training."""

import numpy as np
import pytest

from hie_cli.summary.scorers import centred, ctvsum, scaled


def test_ctvsum_by_hand():
    """Of ten samples the nearest tenth is the sample itself: l = 0 everywhere, a flat score."""
    assert ctvsum(np.random.default_rng(0).normal(size=(10, 4))) == pytest.approx(np.exp(-1))


def test_ctvsum_prefers_what_varies_among_its_like():
    """Of 40 samples 30 vary about one direction, 5 are all alike elsewhere, 5 are each alone."""
    rng = np.random.default_rng(0)
    varied = np.eye(12)[0] + 0.3 * rng.normal(size=(30, 12))
    alike = np.repeat(np.eye(12)[1:2], 5, axis=0)
    alone = np.eye(12)[2:7]
    scores = ctvsum(np.concatenate([varied, alike, alone]))
    assert scores[:30].mean() > scores[31:34].mean()
    assert scores[:30].mean() > scores[36:].mean()


def test_rows_by_the_thousand_change_nothing(monkeypatch):
    features = np.random.default_rng(1).normal(size=(70, 8))
    whole = ctvsum(features)
    monkeypatch.setattr("hie_cli.summary.scorers._ROWS", 13)
    assert ctvsum(features) == pytest.approx(whole)


def test_scaled():
    assert scaled(np.array([2.0, 4.0, 3.0])) == pytest.approx([0, 1, 0.5])
    assert scaled(np.ones(3)) == pytest.approx([0, 0, 0])


def test_centred_leaves_what_happens():
    still = np.repeat([[1.0, 0, 0]], 4, axis=0)
    still[0, 1], still[1, 1] = 0.1, -0.1
    made = centred(still)
    # Two frames at rest, two as far from the mean on either side: their squares are 2, the mean 1.
    assert np.linalg.norm(made, axis=1) == pytest.approx([2**0.5, 2**0.5, 0, 0], abs=0.05)
    assert made[0] @ made[1] == pytest.approx(-2, abs=0.01)
    assert not centred(np.ones((3, 5))).any()
