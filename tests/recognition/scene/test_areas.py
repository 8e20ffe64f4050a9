import numpy as np
import pytest
import torch

from hie_cli.core.errors import ModelError
from hie_cli.recognition.scene.areas import (
    KINDS,
    TABLES,
    band_areas,
    frame_areas,
    kind_of,
    surfaces,
)


def half_and_half():
    """Road on the left half, grass on the right, of 4 x 8 cells."""
    kinds = np.zeros((4, 8, len(KINDS)))
    kinds[:, :4, KINDS.index("road")] = 1
    kinds[:, 4:, KINDS.index("grass")] = 1
    return kinds


@pytest.mark.parametrize("classes", TABLES)
def test_every_class_has_one_kind(classes):
    table = kind_of(classes)
    assert table.shape == (classes, len(KINDS))
    assert (table.sum(1) == 1).all()
    members = [i for row in TABLES[classes].values() for i in row]
    assert len(members) == len(set(members))
    assert max(members) < classes


def test_other_numbers_of_classes_are_refused():
    with pytest.raises(ModelError, match="7 classes"):
        kind_of(7)


def test_areas_of_the_frame():
    found = frame_areas(half_and_half())
    assert found[KINDS.index("road")] == 0.5
    assert found.sum() == pytest.approx(1)


def test_areas_under_the_feet():
    # 80 x 40 pixels, cells of 10: feet at x = 20 (road), 60 (grass), 40 (the border).
    boxes = np.array([[10, 0, 30, 30], [50, 0, 70, 30], [30, 0, 50, 30], [900, 900, 910, 950]])
    found = band_areas(half_and_half(), boxes, 80, 40)
    road, grass = found[:, KINDS.index("road")], found[:, KINDS.index("grass")]
    assert road.tolist() == [1, 0, 0.5, 0.5]  # the last one, outside, has the frame's shares
    assert grass.tolist() == [0, 1, 0.5, 0.5]
    assert band_areas(half_and_half(), np.zeros((0, 4)), 80, 40).shape == (0, len(KINDS))


def test_surfaces_add_classes_up_to_kinds():
    # A network that gives every one of Cityscapes' 19 classes the same chance everywhere.
    even = torch.nn.Conv2d(3, 19, 8, 8)
    torch.nn.init.zeros_(even.weight)
    torch.nn.init.zeros_(even.bias)
    found = surfaces(even, 19, np.zeros((16, 24, 3), np.uint8))
    assert found.shape == (2, 3, len(KINDS))
    # Four of 19 are vehicles, one is road.
    assert found[..., KINDS.index("vehicle")] == pytest.approx(4 / 19)
    assert found[..., KINDS.index("road")] == pytest.approx(1 / 19)
