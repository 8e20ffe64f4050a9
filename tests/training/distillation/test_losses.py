import math

import pytest
import torch
from torch import nn

from hie_cli.training.distillation.losses import Adapter, channel_wise, imitated, pearson


@pytest.mark.parametrize("cells", [1, 7])
def test_an_adapter_of_zero_gives_the_teachers_square(cells):
    """A = 0, f_t = 1, C = 512: sum of 512 a cell over 2 N cells is 256, whatever N."""
    student, teacher = torch.zeros(1, 512, 4, 4), torch.ones(1, 512, 4, 4)
    mask = torch.zeros(1, 4, 4)
    mask.view(-1)[:cells] = 1
    assert float(imitated([student], [teacher], [mask], 2.0)) == pytest.approx(256)


def test_equal_features_cost_nothing():
    features = torch.rand(2, 8, 3, 3)
    adapter = Adapter(8, 8, rectified=True)
    weight = adapter.get_parameter("0.weight")
    nn.init.zeros_(weight)
    with torch.no_grad():
        weight[torch.arange(8), torch.arange(8), 1, 1] = 1.0
    mask = torch.ones(2, 3, 3, dtype=torch.bool)
    found = imitated([adapter(features)], [features], [mask], 2.0)
    assert found.item() == pytest.approx(0)
    assert float(pearson([features * 3 + 1], [features])) == pytest.approx(0, abs=1e-5)
    assert float(channel_wise([features], [features], 2.0)) == pytest.approx(0, abs=1e-5)


def test_the_gradient_outside_the_mask_is_zero():
    student = torch.zeros(1, 2, 2, 2, requires_grad=True)
    mask = torch.tensor([[[True, False], [False, False]]])
    imitated([student], [torch.ones(1, 2, 2, 2)], [mask], 2.0).backward()
    # d/ds (s - 1)^2 / 2 = s - 1 = -1
    assert student.grad[0, 0].tolist() == [[-1, 0], [0, 0]]


def test_without_cells_the_loss_is_zero_and_keeps_its_graph():
    student = torch.zeros(1, 2, 2, 2, requires_grad=True)
    loss = imitated([student], [torch.ones(1, 2, 2, 2)], [torch.zeros(1, 2, 2)], 2.0)
    loss.backward()
    assert loss.item() == 0
    assert not student.grad.any()


def test_the_adapter_begins_near_zero():
    torch.manual_seed(0)
    adapter = Adapter(16, 32)
    weight = adapter.get_parameter("0.weight").detach()
    assert weight.shape == (32, 16, 3, 3)
    assert float(weight.abs().max()) <= 2e-4
    assert float(weight.std()) == pytest.approx(0.88e-4, rel=0.05)  # cut at two deviations
    features = torch.randn(1, 16, 4, 4)
    assert (adapter(features) < 0).any()
    rectified = Adapter(16, 32, rectified=True)
    rectified.load_state_dict(adapter.state_dict())
    assert torch.equal(rectified(features), adapter(features).clamp(min=0))


def test_channel_wise_by_hand():
    """One channel of two cells: teacher (.8, .2), student (.5, .5)."""
    teacher = torch.log(torch.tensor([[[[0.8, 0.2]]]]))
    expected = 0.8 * math.log(0.8 / 0.5) + 0.2 * math.log(0.2 / 0.5)
    assert float(channel_wise([torch.zeros(1, 1, 1, 2)], [teacher], 1.0)) == pytest.approx(expected)


def test_pearson_by_hand():
    """Opposite channels: correlation -1, loss 1 - (-1) = 2 (times (n - 1) / n of deviations)."""
    values = torch.tensor([[[[1.0, 2, 3, 4]]]])
    assert float(pearson([-values], [values])) == pytest.approx(2 * 3 / 4, rel=1e-4)
