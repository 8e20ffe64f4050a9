from dataclasses import astuple

import numpy as np
import pytest

from hie_cli.simulation.style import Style, between, draw_style, split_of


def test_parity_decides_the_split():
    assert split_of(Style(*[0.1] * 8)) == "train"  # no knob in the upper half: even
    assert split_of(Style(0.9, *[0.1] * 7)) == "test"  # one: odd
    assert split_of(Style(0.9, 0.9, *[0.1] * 6)) == "train"


@pytest.mark.parametrize("split", ["train", "test"])
def test_draws_stay_in_their_split_and_cover_every_knob(split):
    rng = np.random.default_rng(0)
    styles = [draw_style(rng, split) for _ in range(300)]
    assert {split_of(s) for s in styles} == {split}
    knobs = np.array([astuple(s) for s in styles])
    assert (knobs.min(0) < 0.05).all()
    assert (knobs.max(0) > 0.95).all()
    assert abs(knobs.mean() - 0.5) < 0.03


def test_between():
    assert between(0.25, 1.0, 3.0) == 1.5
