"""Losses of joints, in as many processes as torchrun starts: each has its part of the people.

Argument: the file for what the first process finds, JSON.
"""

import json
import sys
from pathlib import Path

import torch

from hie_cli.models.networks.residual import Norm
from hie_cli.training.detect.rcnn import joint_loss
from hie_cli.training.distillation.losses import imitated, pearson
from hie_cli.training.engine import distributed
from hie_cli.training.pose import losses
from hie_cli.training.pose.heatmaps import heatmap_loss
from hie_cli.training.pose.simcc import simcc_kl

PEOPLE = 6


def found() -> dict[str, list[float]]:
    """Each loss and the sum of its gradient's squares, means over the processes."""
    rng = torch.Generator().manual_seed(3)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.rand(PEOPLE, *shape, generator=rng)[distributed.rank() :: processes]

    processes = distributed.processes()
    heat, target, known = drawn(17, 8, 6), drawn(17, 8, 6), drawn(17, 8, 6).round()
    target[:, :, 2, 3] = 1
    points, labelled, areas = drawn(17, 2) * 6, drawn(17).round(), drawn() * 30
    cells = torch.where(drawn(17) < 0.6, (drawn(17) * 48).long(), -1)
    bins, image = drawn(17, 24), drawn(3, 4, 4)
    one = torch.zeros_like(labelled)
    one[0, 0] = float(distributed.rank() == 0)
    cell = torch.zeros_like(heat[:, 0])
    cell[0, 2, 3] = one[0, 0]
    weights = torch.linspace(0.1, 0.9, 17)[:, None, None].requires_grad_()
    norm = Norm(3)
    maps = heat * weights
    made = {
        "focal": losses.heat_focal(maps, target, known),
        "squared": losses.heat_squared(maps, target, known),
        "absolute": losses.absolute(maps, target, known),
        "oks": losses.missed_oks(points * weights[:, 0], points, labelled, areas),
        "simcc": simcc_kl((bins * weights[:, 0],) * 2, points, labelled, 1.5),
        "heatmaps": heatmap_loss(maps, points, labelled, known),
        "joints": joint_loss(maps, cells),
        "pearson": pearson([maps + heat**2], [target]),
        # Fewer in all than there are processes.
        "one joint": simcc_kl((bins * weights[:, 0],) * 2, points, one, 1.5),
        "one cell": imitated([maps], [target], [cell], 2.0),
        "none": simcc_kl((bins * weights[:, 0],) * 2, points, labelled * 0, 1.5),
    }
    with distributed.shared_norms(norm):
        made["norm"] = ((norm(image) * image) ** 2).mean() + 0 * weights.sum()
    told = {}
    for name, loss in made.items():
        weights.grad = norm.weight.grad = norm.bias.grad = None
        loss.backward(retain_graph=True)
        holder = torch.nn.ParameterList([weights, norm.weight, norm.bias])
        distributed.mean_gradients([holder])
        value = distributed.mean_over_processes(loss.detach())
        parts = [0.0 if p.grad is None else float((p.grad**2).sum()) for p in holder]
        told[name] = [float(value), *parts]
    return told


if __name__ == "__main__":
    with distributed.group("cpu"):
        result = found()
        if distributed.rank() == 0:
            Path(sys.argv[1]).write_text(json.dumps(result))
