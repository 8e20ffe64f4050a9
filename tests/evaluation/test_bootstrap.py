"""Confidence intervals over sequences, and paired comparisons."""

import numpy as np
import pytest

from hie_cli.evaluation import text_tables
from hie_cli.evaluation.bootstrap import compare, draws, intervals, resampled
from hie_cli.evaluation.evaluate import evaluate
from hie_cli.evaluation.settings import BootstrapConfig
from tests.support.scored_world import CONFIG, world


def test_intervals_hold_the_figure_and_shrink_to_it_for_equal_sequences(noisy):
    spans = intervals(noisy.tracks["1"], CONFIG.bootstrap)
    for figure in ("MOTA", "IDF1", "HOTA"):
        low, high = spans.pooled[figure]
        assert low <= noisy.tracks["1"].pooled.scalars[figure] <= high
    same, results = world(noise=4.0, names=("1",))
    twins = evaluate(
        {"1": same["1"], "2": same["1"]}, {"1": results["1"], "2": results["1"]}, CONFIG
    )
    for key, track in twins.tracks.items():
        for low, high in intervals(track, CONFIG.bootstrap).pooled.values():
            assert high == pytest.approx(low, abs=1e-9, nan_ok=True), key
    alone = evaluate({"1": same["1"]}, {"1": results["1"]}, CONFIG)
    assert intervals(alone.tracks["1"], CONFIG.bootstrap) is None


def test_resampling_every_sequence_once_gives_the_figures_themselves(noisy):
    once = np.ones((1, 3), np.int64)
    for key, track in noisy.tracks.items():
        for name, values in resampled(track, once).items():
            expected = track.pooled.scalars[name]
            # COCO ranks ties by row where the bins group them; joint scores have no ties here.
            assert values[0] == pytest.approx(expected, abs=1e-6, nan_ok=True), (key, name)


def test_draws_are_reproducible_and_whole():
    config = BootstrapConfig(samples=50, seed=3)
    assert (draws(4, config) == draws(4, config)).all()
    assert (draws(4, config).sum(axis=1) == 4).all()


def test_comparison_finds_the_better_one():
    good, bad = (
        evaluate(*world(noise, missed), config=CONFIG) for noise, missed in ((1.0, 0.0), (6.0, 0.3))
    )
    for key, figure in (("detection", "AP"), ("1", "MOTA"), ("2", "AP@avg"), ("3", "MOTA")):
        difference = compare(good.tracks[key], bad.tracks[key], CONFIG.bootstrap).pooled[figure]
        assert difference.verdict == "A"
        assert difference.a_better == 1.0
        assert difference.interval[0] > 0
        turned = compare(bad.tracks[key], good.tracks[key], CONFIG.bootstrap).pooled[figure]
        assert turned.verdict == "B"
    miss = compare(good.tracks["detection"], bad.tracks["detection"], CONFIG.bootstrap)
    assert miss.pooled["MR-2"].verdict == "A"  # lower is better
    same = compare(good.tracks["1"], good.tracks["1"], CONFIG.bootstrap).pooled["MOTA"]
    assert (same.verdict, same.a_better, same.interval) == ("-", 0.5, (0.0, 0.0))
    table = text_tables.comparison_table({"1": miss}, {"1": good.tracks["detection"]}, 0.95)
    assert "P(A better)" in table
