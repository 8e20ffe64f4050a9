import math

import pytest
import torch

from hie_cli.training.pose.losses import absolute, heat_focal, heat_squared, missed_oks


def test_heat_focal_by_hand():
    """One peak at p = .5, a cell beside it (target .5) at .5, a far one (0) at .5, one unknown."""
    p, y = torch.full((4,), 0.5), torch.tensor([1.0, 0.5, 0.0, 0.0])
    counts = torch.tensor([1.0, 1, 1, 0])
    # -(.5^2 log .5) - .5^4 .5^2 log .5 - .5^2 log .5
    expected = math.log(2) * (0.25 + 0.0625 * 0.25 + 0.25)
    assert float(heat_focal(p, y, counts)) == pytest.approx(expected, rel=1e-4)
    assert float(heat_focal(p, y * 0, counts * 0)) == 0


def test_squared_and_absolute_by_hand():
    p, y = torch.tensor([0.5, 0.5, 0.9]), torch.tensor([1.0, 0.0, 0.0])
    counts = torch.tensor([1.0, 1, 0])
    assert float(heat_squared(p, y, counts)) == pytest.approx(0.25 + 0.25)
    assert float(absolute(p, y, counts)) == pytest.approx(0.5)


def test_missed_oks_by_hand():
    """Nose (sigma .026) 1 off in an area of 100: exp(-1 / (8 .026^2 100)); a hip is right."""
    points = torch.zeros(2, 17, 2)
    found = points.clone()
    found[0, 0, 0] = 1.0
    labelled = torch.zeros(2, 17)
    labelled[0, [0, 11]] = 1  # of the second person nothing
    nose = math.exp(-1 / (8 * 0.026**2 * 100))
    loss = missed_oks(found, points, labelled, torch.tensor([100.0, 100.0]))
    assert loss.item() == pytest.approx(1 - (nose + 1) / 2, rel=1e-4)
    assert missed_oks(points, points, labelled, torch.tensor([100.0, 1.0])).item() == 0
