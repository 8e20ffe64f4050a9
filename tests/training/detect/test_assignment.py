import torch

from hie_cli.models.networks.boxes import pairwise_iou
from hie_cli.training.detect.assignment import atss, dynamic, grid, inside

CPU = torch.device("cpu")


def cells(side=64):
    return grid([(side // s, side // s) for s in (8, 16, 32)], (8, 16, 32), CPU)


def test_the_grid():
    found = cells()
    assert found.levels == (64, 16, 4)
    assert found.centres[0].tolist() == [4, 4]
    assert found.centres[64].tolist() == [8, 8]
    assert found.centres[9].tolist() == [12, 12]  # second row
    # Five strides wide: 40 pixels round (4, 4).
    assert found.anchors[0].tolist() == [-16, -16, 24, 24]


def test_a_person_is_given_to_the_level_of_its_size():
    """A box of 40 x 40 is the anchor of stride 8 at its centre: cells there are nearest."""
    found = cells()
    taken = atss(found, torch.tensor([[16.0, 16, 56, 56]]))
    chosen = torch.nonzero(taken >= 0)[:, 0]
    assert len(chosen) > 0
    assert (chosen < 64).all()  # stride 8
    assert inside(found.centres[chosen], torch.tensor([[16.0, 16, 56, 56]])).all()
    # The threshold is the mean plus one deviation of the candidates' overlaps.
    anchors, box = found.anchors, torch.tensor([[16.0, 16, 56, 56]])
    distance = torch.cdist(found.centres, torch.tensor([[36.0, 36]]))[:, 0]
    candidates = [
        part.topk(min(9, len(part)), largest=False).indices + start
        for part, start in zip(distance.split(found.levels), (0, 64, 80), strict=True)
    ]
    overlap = pairwise_iou(anchors[torch.cat(candidates)], box)[:, 0]
    threshold = overlap.mean() + overlap.std()
    expected = torch.cat(candidates)[overlap >= threshold]
    assert sorted(chosen.tolist()) == sorted(expected.tolist())


def test_a_cell_that_two_people_want_goes_to_the_larger_overlap():
    boxes = torch.tensor([[16.0, 16, 56, 56], [18.0, 18, 58, 58]])
    taken = atss(cells(), boxes)
    # Centre (36, 36) of the first is a cell's centre; the other's anchor overlaps less there.
    cell = 4 * 8 + 4
    assert cells().centres[cell].tolist() == [36, 36]
    assert taken[cell] == 0


def test_nobody():
    nobody = torch.zeros(0, 4)
    assert (atss(cells(), nobody) == -1).all()
    found = cells()
    none = dynamic(found, nobody, torch.zeros(len(found.centres)), found.anchors)
    assert (none == -1).all()


def test_dynamic_counts_and_costs():
    """Predicted boxes overlap exactly (1) at two cells and by 1/3 at a third: 2.33 -> 2 cells."""
    found = cells()
    box = torch.tensor([[16.0, 16, 48, 48]])
    predicted = torch.zeros(len(found.centres), 4)
    predicted[18], predicted[19] = box[0], box[0]  # centres (20, 20) and (28, 20)
    predicted[20] = torch.tensor([32.0, 16, 64, 48])  # (36, 20): overlap 16 x 32 of 48 x 32
    logits = torch.full((len(found.centres),), -4.0)
    logits[18:20] = 4.0
    taken = dynamic(found, box, logits, predicted)
    assert torch.nonzero(taken == 0)[:, 0].tolist() == [18, 19]
