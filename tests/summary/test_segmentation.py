"""Kernel temporal segmentation against brute force, and without the limit of its table."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hie_cli import ConfigError
from hie_cli.summary.segmentation import KtsSettings, change_points, penalty


def blocks(*lengths):
    """Orthonormal vectors, each repeated."""
    return np.repeat(np.eye(len(lengths)), lengths, axis=0)


def walk(samples, seed, spread=0.5, longest=80, numbers=16):
    """Unit features that stay about one of many centres for a while."""
    rng = np.random.default_rng(seed)
    rows = []
    while len(rows) < samples:
        centre = rng.normal(size=numbers)
        stay = int(rng.integers(5, longest))
        rows += list(centre + spread * rng.normal(size=(stay, numbers)))
    features = np.array(rows[:samples])
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def scatter(part):
    return float(((part - part.mean(axis=0)) ** 2).sum())


def best_by_trying_all(features, vmax, longest=None):
    """(cost, points) over every set of change points."""
    n = len(features)
    found = []
    for m in range(n):
        for points in combinations(range(1, n), m):
            bounds = [0, *points, n]
            lengths = np.diff(bounds)
            if longest is not None and lengths.max() > longest:
                continue
            total = sum(scatter(features[a:b]) for a, b in pairwise(bounds))
            dear = 0.0 if m == 0 else vmax * m / (2 * n) * (np.log(n / m) + 1)
            found.append((total / n + dear, points))
    return min(found)


@pytest.mark.parametrize(
    ("vmax", "points", "cost"),
    [
        # 5 + 7 + 8 frames of three vectors: S = 13.1, 5.8333, 0 for m = 0, 1, 2.
        (1.0, (5, 12), 0.16513),  # 2 / 40 (ln 10 + 1)
        (2.0, (5, 12), 0.33026),
        (0.1, (5, 12), 0.016513),
        (5.0, (), 0.655),  # 13.1 / 20
    ],
)
def test_three_blocks(vmax, points, cost):
    found = change_points(blocks(5, 7, 8), KtsSettings(vmax))
    assert tuple(found.points) == points
    assert found.cost == pytest.approx(cost, rel=1e-4)


def test_costs_of_the_criterion():
    assert 5.8333 / 20 + penalty(1, 20, 1.0) == pytest.approx(0.39156, abs=1e-5)
    assert penalty(0, 20, 1.0) == 0
    assert np.all(np.diff(penalty(np.arange(21), 20, 1.0)) >= 0)  # what pruning rests on


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 9), st.sampled_from([0.1, 0.4, 1.0]))
def test_no_other_cut_is_better(seed, samples, vmax):
    features = np.random.default_rng(seed).normal(size=(samples, 3))
    cost, points = best_by_trying_all(features, vmax)
    found = change_points(features, KtsSettings(vmax))
    assert found.cost == pytest.approx(cost)
    assert tuple(found.points) == points
    cost, points = best_by_trying_all(features, vmax, longest=3)
    found = change_points(features, KtsSettings(vmax, longest=3))
    assert found.cost == pytest.approx(cost)
    assert tuple(found.points) == points


@pytest.mark.parametrize(("samples", "longest"), [(150, None), (300, None), (300, 20)])
def test_fixed_prices_find_what_the_table_finds(samples, longest):
    features = walk(samples, samples)
    how = KtsSettings(longest=longest)
    exact, priced = (
        change_points(features, how, exact=True),
        change_points(features, how, exact=False),
    )
    assert len(exact.points) > 2
    assert priced.cost == pytest.approx(exact.cost, rel=1e-3)
    assert len(set(exact.points) ^ set(priced.points)) <= 2


def test_every_segment_keeps_to_the_longest():
    features = blocks(40, 30)
    for exact in (True, False):
        points = change_points(features, KtsSettings(longest=16), exact=exact).points
        assert np.diff([0, *points, 70]).max() <= 16
        assert 40 in points


@pytest.mark.parametrize("samples", [0, 1, 2])
def test_hardly_any_sample(samples):
    found = change_points(np.ones((samples, 4)))
    assert len(found.points) == 0
    assert found.cost == pytest.approx(0)


def test_settings_make_sense():
    with pytest.raises(ConfigError, match="vmax"):
        KtsSettings(vmax=0)
    with pytest.raises(ConfigError, match="longest"):
        KtsSettings(longest=0)
