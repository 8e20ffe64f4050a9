"""The numbers are worked out from the method's definition (arXiv 1906.03609, section 3.2)."""

import pytest
import torch

from hie_cli.models.networks.boxes import pairwise_iou
from hie_cli.training.distillation.masks import (
    anchors_at,
    box_mask,
    imitation_mask,
    virtual_anchors,
)

ANCHORS = anchors_at(16, 16, 16.0, [(64.0, 64.0)])
CENTRE = 16 * 8 + 8  # cell at (136, 136)


def box(x, y):
    return torch.tensor([[x - 32.0, y - 32.0, x + 32.0, y + 32.0]])


@pytest.mark.parametrize(("psi", "cells"), [(0.5, 5), (0.3, 13), (0.7, 1), (1.0, 0)])
def test_a_person_on_a_cells_centre(psi, cells):
    """A square of 64 moved by d overlaps (64 - d) / (64 + d): .6 at one cell of 16, 1/3 at two."""
    mask = imitation_mask(ANCHORS, box(136, 136), psi)
    assert int(mask.sum()) == cells
    if cells == 5:  # a plus
        steps = torch.tensor([0, 1, -1, 16, -16]) + CENTRE
        assert sorted(torch.nonzero(mask)[:, 0].tolist()) == sorted(steps.tolist())


def test_a_person_between_cells():
    overlap = pairwise_iou(ANCHORS[:, 0], box(144, 144)).max()
    # 56^2 / (2 * 64^2 - 56^2)
    assert float(overlap) == pytest.approx(0.6203, abs=1e-4)
    assert int(imitation_mask(ANCHORS, box(144, 144), 0.5).sum()) == 12


def test_the_best_overlap_is_each_persons_own():
    """A small person beside a fitting one keeps its cells."""
    both = torch.cat((box(136, 136), torch.tensor([[30.0, 30, 50, 50]])))
    small = imitation_mask(ANCHORS, both[1:], 0.5)
    mask = imitation_mask(ANCHORS, both, 0.5)
    assert small.any()
    assert (mask == (small | imitation_mask(ANCHORS, both[:1], 0.5))).all()


def test_anchors_that_leave_the_image_count():
    mask = imitation_mask(ANCHORS, torch.tensor([[-20.0, -20, 44, 44]]), 0.5)
    assert bool(mask[0])


def test_nobody():
    assert not imitation_mask(ANCHORS, torch.zeros(0, 4), 0.5).any()
    assert not box_mask(torch.ones(3, 2), torch.zeros(0, 4)).any()


def test_one_virtual_anchor_of_eight_strides():
    found = virtual_anchors([(2, 3), (1, 2)], (8, 16), torch.device("cpu"))
    assert found.shape == (8, 1, 4)
    assert found[0, 0].tolist() == [4 - 32, 4 - 32, 4 + 32, 4 + 32]
    assert found[6, 0].tolist() == [8 - 64, 8 - 64, 8 + 64, 8 + 64]


def test_whole_boxes():
    centres = torch.tensor([[4.0, 4], [12, 4], [20, 4]])
    assert box_mask(centres, torch.tensor([[5.0, 0, 13, 8]])).tolist() == [False, True, False]
