import math

import pytest
import torch

from hie_cli.models.networks.boxes import pairwise_iou
from hie_cli.training.detect.losses import (
    distribution_focal,
    expected_distance,
    generalised_iou,
    quality_focal,
)


def test_quality_focal_by_hand():
    # p = 1/2: |q - 1/2|^2 (-q log .5 - (1 - q) log .5) = (q - .5)^2 log 2
    logits = torch.zeros(3)
    found = quality_focal(logits, torch.tensor([0.0, 0.9, 0.5]))
    assert found.tolist() == pytest.approx([0.25 * math.log(2), 0.16 * math.log(2), 0.0])


def test_distribution_focal_by_hand():
    # softmax (.1, .2, .7); 1.25 lies between bins 1 (weight .75) and 2 (.25)
    bins = torch.log(torch.tensor([[0.1, 0.2, 0.7]]))
    expected = -(0.75 * math.log(0.2) + 0.25 * math.log(0.7))
    assert float(distribution_focal(bins, torch.tensor([1.25]))) == pytest.approx(expected)
    # The last bin itself.
    found = float(distribution_focal(bins, torch.tensor([2.0])))
    assert found == pytest.approx(-math.log(0.7))
    assert float(expected_distance(bins)) == pytest.approx(0.2 + 2 * 0.7)


def test_generalised_iou_by_hand():
    a = torch.tensor([[0.0, 0, 2, 2], [0, 0, 1, 1]])
    b = torch.tensor([[1.0, 0, 3, 2], [2, 0, 3, 1]])
    loss, iou = generalised_iou(a, b)
    # Overlap 2 of 6; hull 3 x 2 = 6. Apart: union 2, hull 3.
    assert iou.tolist() == pytest.approx([1 / 3, 0])
    assert loss.tolist() == pytest.approx([1 - 1 / 3, 1 + 1 / 3])
    assert pairwise_iou(a, b)[0].tolist() == pytest.approx([1 / 3, 0.0])
