"""SimpleBaseline and HRNet as tasks: squared errors of the joints' maps.

B. Xiao et al., arXiv 1804.06208, section 3; K. Sun et al., arXiv 1902.09212, section 3: a Gaussian
of two cells round the cell nearest to a joint, half the mean squared error of the map.
"""

import torch
from torch import Tensor, nn

from hie_cli.models.networks.hrnet import HRNet
from hie_cli.models.networks.simple_baseline import SimpleBaseline
from hie_cli.training.engine.distributed import shared_count, shared_norms
from hie_cli.training.pose.gaussians import gaussians
from hie_cli.training.pose.losses import missed_oks
from hie_cli.training.pose.task import PoseBatch, PoseTask

SPREAD = 2.0  # cells


class HeatmapTask(PoseTask):
    """``PoseTask`` with the loss of one map a joint."""

    def loss(self, batch: PoseBatch) -> tuple[Tensor, int]:
        """See ``Task``."""
        with shared_norms(self.network):
            (maps,) = self.network(batch.images)
        total = heatmap_loss(maps.float(), batch.points, batch.labelled, batch.heat_known)
        if self.config.oks_weight:
            found = expected_places(maps.float())
            missed = missed_oks(found, batch.points, batch.labelled, batch.areas)
            total = total + self.config.oks_weight * missed
        return total, len(batch.images)


def heatmap_loss(maps: Tensor, points: Tensor, labelled: Tensor, known: Tensor) -> Tensor:
    """Half the mean squared error of the labelled joints' maps (N, 17, h, w), where ``known``.

    points (N, 17, 2): in cells, whose middles lie at whole numbers here, as the decoder has them.
    """
    height, width = maps.shape[-2:]
    wanted = gaussians((points + 0.5).flatten(0, 1), maps.new_tensor(SPREAD), height, width)
    counts = labelled[..., None, None] * known
    squares = (maps - wanted.view_as(maps)) ** 2 * counts
    return squares.sum() / (2 * height * width * shared_count(labelled.sum()))


def expected_places(maps: Tensor) -> Tensor:
    """The mean cell x, y (N, 17, 2) of each map, weighed by what of it is above 0."""
    weight = maps.clamp(min=0) + 1e-9
    height, width = maps.shape[-2:]
    x = (weight.sum(-2) * torch.arange(width, device=maps.device)).sum(-1)
    y = (weight.sum(-1) * torch.arange(height, device=maps.device)).sum(-1)
    return torch.stack((x, y), -1) / weight.sum((-2, -1))[..., None]


def backbone_of(network: SimpleBaseline | HRNet) -> list[nn.Module]:
    """What ``frozen`` keeps: all that comes before the last stage or the deconvolutions."""
    names = "conv1 bn1 layer1 layer2 layer3 layer4"
    if isinstance(network, HRNet):
        names = "conv1 bn1 conv2 bn2 layer1 transition1 stage2 transition2 stage3 transition3"
    return [getattr(network, name) for name in names.split()]
