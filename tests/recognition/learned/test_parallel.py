"""The parallel network: shapes, channels, branches, size."""

import pytest
import torch

from hie_cli.recognition.learned.parallel import Attention, Parallel
from hie_cli.recognition.learned.pose_clips import LONGEST


def inputs(people=3, instants=25, crops=3):
    g = torch.Generator().manual_seed(0)
    return (
        torch.randn(people, instants, 14, 6, generator=g),
        torch.randn(people, instants, 8, generator=g),
        torch.randn(people, crops, 3, 48, 48, generator=g),
    )


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Parallel().eval()


@pytest.mark.parametrize(("people", "instants", "crops"), [(1, 3, 1), (4, 25, 3), (2, LONGEST, 2)])
def test_logits_of_any_number_of_people_instants_and_crops(network, people, instants, crops):
    with torch.no_grad():
        assert network(*inputs(people, instants, crops)).shape == (people, 14)


def test_nobody_depends_on_the_others(network):
    joints, boxes, crops = inputs()
    with torch.no_grad():
        together = network(joints, boxes, crops)
        alone = network(joints[1:2], boxes[1:2], crops[1:2])
    assert torch.allclose(together[1:2], alone, atol=1e-5)


def test_every_channel_and_every_branch_is_heard(network):
    parts = inputs()
    with torch.no_grad():
        usual = network(*parts)
        for k in range(3):
            changed = [part + 1.0 if i == k else part for i, part in enumerate(parts)]
            assert not torch.allclose(usual, network(*changed), atol=1e-4)
        for branch in network.sequences.join:
            kept = branch.weight.clone()
            branch.weight.zero_()
            assert not torch.allclose(usual, network(*parts), atol=1e-5)
            branch.weight.copy_(kept)


def test_the_order_of_instants_matters_to_attention():
    torch.manual_seed(0)
    layer = Attention(16).eval()
    x = torch.randn(1, 6, 16)
    with torch.no_grad():
        assert not torch.allclose(layer(x).flip(1), layer(x.flip(1)), atol=1e-4)


def test_it_is_small():
    assert sum(p.numel() for p in Parallel().parameters()) < 500_000
