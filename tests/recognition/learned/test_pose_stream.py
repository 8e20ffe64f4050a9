import torch

from hie_cli.recognition.learned.pose_stream import PoseStream, skeleton_graph


def inputs(people, seed=0):
    g = torch.Generator().manual_seed(seed)
    return (
        torch.randn(1, people, 25, 14, 6, generator=g),
        torch.randn(1, people, 25, 8, generator=g),
        torch.randn(1, people, people, 11, generator=g),
        torch.ones(1, people, dtype=torch.bool),
    )


def test_rows_of_the_graph_sum_to_1():
    graph = skeleton_graph()
    assert torch.allclose(graph.sum(1), torch.ones(14))
    assert graph[1, 2] > 0  # chest - right shoulder
    assert graph[0, 13] == 0


def test_padding_changes_nobody():
    network = PoseStream().eval()
    joints, boxes, pairs, real = inputs(3)
    with torch.no_grad():
        alone = network(joints, boxes, pairs, real)
        wide = [torch.full((1, 5, *x.shape[2:]), 9.0) for x in (joints, boxes)]
        wide_pairs = torch.full((1, 5, 5, 11), 9.0)
        wide[0][:, :3], wide[1][:, :3], wide_pairs[:, :3, :3] = joints, boxes, pairs
        mask = torch.tensor([[True] * 3 + [False] * 2])
        padded = network(*wide, wide_pairs, mask)
    assert torch.allclose(alone, padded, atol=1e-5)


def test_order_of_people_does_not_matter_but_their_company_does():
    network = PoseStream().eval()
    joints, boxes, pairs, real = inputs(3)
    turn = torch.tensor([2, 0, 1])
    with torch.no_grad():
        here = network(joints, boxes, pairs, real)
        there = network(joints[:, turn], boxes[:, turn], pairs[:, turn][:, :, turn], real)
        single = network(joints[:, :1], boxes[:, :1], pairs[:, :1, :1], real[:, :1])
    assert torch.allclose(here[turn], there, atol=1e-5)
    assert not torch.allclose(here[:1], single, atol=1e-3)


def test_it_is_small():
    assert sum(p.numel() for p in PoseStream().parameters()) < 300_000
