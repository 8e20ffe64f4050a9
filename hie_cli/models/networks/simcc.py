"""One person's joints as a row of bins for each axis (Y. Li et al., SimCC, ECCV 2022), on MoveNet.

The trunk and the joints' maps are MoveNet's single-person ones; two linear layers turn each map
into bins, the same for all joints.
"""

import math

import torch
from torch import Tensor, nn

from hie_cli.models.decoders.centernet import NUM_KEYPOINTS, STRIDE
from hie_cli.models.networks.movenet import Head, SinglePose, Trunk

SPLIT = 2.0  # bins a pixel
_GAIN = 5.0  # logit of a bin over its cells' probability, at the start


def spread(side: int) -> float:
    """Deviation in bins of what is learned of an axis of ``side`` pixels: sqrt(side / 8).

    4.9 for 192 and 5.66 for 256, as RTMPose has it (arXiv 2303.07399).
    """
    return math.sqrt(side / 8)


class SimCCPose(nn.Module):
    """(N, S, S, 3) uint8 BGR -> simcc_x, simcc_y (N, 17, 2 S), 1 where as sure as what is learned.

    width, side: the trunk's, and S.
    """

    OUTPUTS = ("simcc_x", "simcc_y")

    def __init__(self, width: float = 1.0, side: int = 192) -> None:
        super().__init__()
        self.side = side
        self.trunk = Trunk(width)
        self.heatmap = Head(NUM_KEYPOINTS)
        cells, bins = (side // STRIDE) ** 2, round(side * SPLIT)
        self.to_x, self.to_y = nn.Linear(cells, bins), nn.Linear(cells, bins)

    def logits(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Of the bins of x and of y, (N, 17, 2 S) each."""
        maps = self.heatmap(self.trunk(images)).sigmoid().flatten(2)
        return self.to_x(maps).float(), self.to_y(maps).float()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        highest = spread(self.side) * math.sqrt(2 * math.pi)  # of the inverse of a Gaussian's peak
        x, y = self.logits(images)
        return x.softmax(-1) * highest, y.softmax(-1) * highest


def from_maps(single: SinglePose, side: int = 192) -> SimCCPose:
    """Trunk and maps of Lightning; a bin is as likely as the maps' cells at its place, summed.

    The cells' middles are joined by straight lines, so that the first guess is a map's marginal.
    """
    found = SimCCPose(1.0, side)
    found.trunk.load_state_dict(single.trunk.state_dict())
    found.heatmap.load_state_dict(single.heatmap.state_dict())
    cells, bins = side // STRIDE, round(side * SPLIT)
    at = torch.arange(bins) / (SPLIT * STRIDE) - 0.5  # in cells, from the middle of the first
    near = (1 - (at[:, None] - torch.arange(cells)).abs()).clamp(min=0) * _GAIN  # (bins, cells)
    with torch.no_grad():
        found.to_x.weight.copy_(near[:, None, :].expand(-1, cells, -1).flatten(1))
        found.to_y.weight.copy_(near[:, :, None].expand(-1, -1, cells).flatten(1))
        for layer in (found.to_x, found.to_y):
            layer.bias.zero_()
    return found
