import math

import numpy as np
import pytest
import torch

from hie_cli.recognition.learned.roi_align import axis_weights, roi_align


def bilinear(image, y, x):
    """Sample at continuous (y, x), pixel i centred at i + 0.5; written pixel by pixel."""
    height, width = image.shape
    y, x = y - 0.5, x - 0.5
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = min(int(y), max(height - 2, 0)), min(int(x), max(width - 2, 0))
    down, right = y - top, x - left
    below, beside = min(top + 1, height - 1), min(left + 1, width - 1)
    upper = image[top, left] * (1 - right) + image[top, beside] * right
    lower = image[below, left] * (1 - right) + image[below, beside] * right
    return upper * (1 - down) + lower * down


def slow_align(features, box, size, scale, samples):
    x1, y1, x2, y2 = (float(v) * scale for v in box)
    out = np.zeros((len(features), size, size))
    high, wide = (y2 - y1) / size, (x2 - x1) / size
    rows = samples or max(1, math.ceil(high))
    columns = samples or max(1, math.ceil(wide))
    for c, image in enumerate(features):
        for i in range(size):
            for j in range(size):
                values = [
                    bilinear(
                        image,
                        y1 + (i + (a + 0.5) / rows) * high,
                        x1 + (j + (b + 0.5) / columns) * wide,
                    )
                    for a in range(rows)
                    for b in range(columns)
                ]
                out[c, i, j] = np.mean(values)
    return out


def test_no_box():
    none = roi_align(torch.ones(1, 3, 4, 4), torch.zeros(0, 4), torch.zeros(0).long(), 2, 1.0)
    assert none.shape == (0, 3, 2, 2)


def test_cells_that_are_pixels():
    # A box over 2 x 2 pixels with 2 x 2 cells: every sample falls on a pixel's centre.
    image = torch.arange(16.0).view(1, 1, 4, 4)
    found = roi_align(image, torch.tensor([[1.0, 1, 3, 3]]), torch.tensor([0]), 2, 1.0, 1)
    assert found[0, 0].tolist() == [[5, 6], [9, 10]]


def test_halfway_between_pixels():
    # One cell over x 0.5..1.5 of pixels 2, 6: its sample at x = 1 lies halfway: (2 + 6) / 2.
    image = torch.tensor([[[[2.0, 6.0]]]])
    found = roi_align(image, torch.tensor([[0.5, 0, 1.5, 1]]), torch.tensor([0]), 1, 1.0, 1)
    assert found.item() == pytest.approx(4)


def test_as_many_samples_as_pixels():
    # 4 pixels in one cell: 4 samples at the centres, their mean (0 + 1 + 2 + 3) / 4.
    weights = axis_weights(torch.tensor([0.0]), torch.tensor([4.0]), 1, 4)
    assert weights[0, 0].tolist() == [0.25] * 4


def test_scale_and_the_image_a_box_lies_on():
    image = torch.stack([torch.zeros(1, 2, 2), torch.tensor([[[1.0, 2], [3, 4]]])])
    found = roi_align(image, torch.tensor([[0.0, 0, 32, 32]] * 2), torch.tensor([1, 0]), 2, 1 / 16)
    assert found[0, 0].tolist() == [[1, 2], [3, 4]]
    assert found[1].abs().max() == 0


def test_far_outside_is_nothing_and_the_edge_goes_on():
    image = torch.full((1, 1, 3, 3), 7.0)
    boxes = torch.tensor([[10.0, 10, 12, 12], [-0.4, -0.4, 0.4, 0.4]])
    found = roi_align(image, boxes, torch.tensor([0, 0]), 1, 1.0, 1)
    assert found[:, 0, 0, 0].tolist() == [0, 7]


@pytest.mark.parametrize("samples", [0, 1, 2])
def test_as_the_slow_reference(samples):
    rng = np.random.default_rng(samples)
    features = rng.normal(size=(2, 3, 9, 11))
    low = rng.uniform(-20, 100, (12, 2))
    boxes = np.concatenate([low, low + rng.uniform(0, 90, (12, 2))], 1)
    batch = rng.integers(0, 2, 12)
    found = roi_align(
        torch.from_numpy(features),
        torch.from_numpy(boxes),
        torch.from_numpy(batch),
        3,
        0.1,
        samples,
    )
    for k in range(12):
        exact = slow_align(features[batch[k]], boxes[k], 3, 0.1, samples)
        np.testing.assert_allclose(found[k].numpy(), exact, atol=1e-9)


def test_gradients_reach_the_features_under_the_box_only():
    image = torch.ones(1, 1, 6, 6, requires_grad=True)
    roi_align(image, torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([0]), 2, 1.0).sum().backward()
    assert image.grad[0, 0, :2, :2].sum() == pytest.approx(4)
    assert image.grad[0, 0, 3:, 3:].abs().max() == 0
