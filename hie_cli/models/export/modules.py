"""Networks with their decoding inside, as an export shows them to the world.

Input: (N, 3, H, W) float, blue, green and red planes of 0..255; normalisation is inside.
"""

import torch
from torch import Tensor, nn

from hie_cli.models.decoders.centernet import NUM_KEYPOINTS, STRIDE
from hie_cli.models.networks.movenet import SinglePose
from hie_cli.models.networks.nanodet import NanoDet

_SOFTENING = 1.8  # see ``decoders.single_pose``


class ExportedDetector(nn.Module):
    """Person scores and side distributions (N, A, 1 + 44), cells of strides 8, 16, 32 in turn."""

    OUTPUT = "predictions"

    def __init__(self, network: NanoDet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        scores, bins = self.network(images.permute(0, 2, 3, 1))
        return torch.cat((scores[..., None], bins.transpose(1, 2)), -1)


class ExportedPose(nn.Module):
    """COCO's joints (N, 1, 17, 3): y, x relative to the input, score; as MoveNet's own exports."""

    OUTPUT = "keypoints"

    def __init__(self, network: SinglePose, side: int) -> None:
        super().__init__()
        self.network, self.cells = network, side // STRIDE
        steps = torch.arange(self.cells, dtype=torch.float32)
        y, x = torch.meshgrid(steps, steps, indexing="ij")
        middle = ((y - self.cells / 2) ** 2 + (x - self.cells / 2) ** 2).sqrt() + _SOFTENING
        self.register_buffer("middle", middle.reshape(-1), persistent=False)
        self.register_buffer("steps", steps, persistent=False)

    middle: Tensor
    steps: Tensor

    def forward(self, images: Tensor) -> Tensor:
        """See the class; the decoding of ``decoders.single_pose``."""
        center, heat, regress, offset = self.network(images.permute(0, 2, 3, 1))
        cells = self.cells
        person = (center.flatten(1) / self.middle).argmax(1)  # (N,)
        at = person[:, None, None].expand(-1, 2 * NUM_KEYPOINTS, 1)
        guess = regress.flatten(2).gather(2, at).reshape(-1, NUM_KEYPOINTS, 2)
        row = torch.div(person, cells, rounding_mode="floor")
        column = person - row * cells
        guess = guess + torch.stack((row, column), 1)[:, None].to(guess.dtype)
        away_y = (self.steps - guess[..., :1]) ** 2
        away_x = (self.steps - guess[..., 1:]) ** 2
        distance = (away_y[..., None] + away_x[..., None, :]).sqrt() + _SOFTENING
        best = (heat / distance).flatten(2).argmax(2)  # (N, 17)
        score = heat.flatten(2).gather(2, best[..., None])
        pairs = offset.reshape(-1, NUM_KEYPOINTS, 2, cells * cells)
        within = pairs.gather(3, best[:, :, None, None].expand(-1, -1, 2, 1))[..., 0]
        row = torch.div(best, cells, rounding_mode="floor")
        found = torch.stack((row, best - row * cells), 2).to(within.dtype) + within
        return torch.cat((found / cells, score), 2)[:, None]


class ExportedMaps(nn.Module):
    """A network's own outputs, of planes."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """See the class."""
        found: tuple[Tensor, ...] = self.network(images.permute(0, 2, 3, 1))
        return found
