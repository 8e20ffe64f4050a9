import numpy as np
import torch

from hie_cli.core.geometry import nms
from hie_cli.models.networks.boxes import clipped, moved, offsets, pairwise_iou, suppressed


def random_boxes(count, seed=0):
    rng = torch.Generator().manual_seed(seed)
    low = torch.rand((count, 2), generator=rng) * 80
    return torch.cat((low, low + 5 + torch.rand((count, 2), generator=rng) * 40), 1)


def test_overlap_by_hand():
    a = torch.tensor([[0.0, 0, 4, 4]])
    b = torch.tensor([[2.0, 0, 6, 4], [4.0, 4, 5, 5]])  # 2 x 4 of 4 x 4 twice: 8 / (32 - 8)
    torch.testing.assert_close(pairwise_iou(a, b), torch.tensor([[1 / 3, 0.0]]))


def test_suppression_is_the_greedy_one():
    for seed in range(5):
        boxes = random_boxes(200, seed)
        scores = torch.rand(200, generator=torch.Generator().manual_seed(seed))
        want = nms(boxes.numpy(), scores.numpy(), 0.3)
        assert suppressed(boxes, scores, 0.3).tolist() == np.asarray(want).tolist()
    assert len(suppressed(boxes[:0], scores[:0], 0.3)) == 0


def test_who_is_suppressed_suppresses_nobody():
    """0 beats 1; 1 would beat 2, but is gone."""
    boxes = torch.tensor([[0.0, 0, 10, 10], [0.0, 4, 10, 14], [0.0, 8, 10, 18]])
    overlap = pairwise_iou(boxes, boxes)
    assert overlap[0, 1] > 0.4 > overlap[0, 2]
    assert suppressed(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.4).tolist() == [0, 2]


def test_offsets_lead_back():
    anchors, boxes = random_boxes(50, 1), random_boxes(50, 2)
    weights = (10.0, 10.0, 5.0, 5.0)
    torch.testing.assert_close(
        moved(anchors, offsets(boxes, anchors, weights), weights), boxes, rtol=1e-4, atol=1e-3
    )
    # Half a width to the right, twice as high: .5 * 10 and ln 2 * 5.
    by = offsets(torch.tensor([[5.0, -10, 15, 30]]), torch.tensor([[0.0, 0, 10, 20]]), weights)
    torch.testing.assert_close(by, torch.tensor([[5.0, 0, 0, 5 * np.log(2)]], dtype=torch.float32))


def test_boxes_end_at_the_edge():
    boxes = torch.tensor([[-3.0, 2, 90, 70]])
    assert clipped(boxes, 60, 80).tolist() == [[0, 2, 80, 60]]
