"""The video head: features of a clip's frames to as many numbers as the code has bits."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from hie_cli.training.hash.head import HashHead

CHANNELS, WIDTH = 256, 3


class ClipHead(nn.Module):
    """Features (N, T, D) of frames, each of length 1 -> raw outputs (N, B).

    Convolutions over time (a frame by itself, then twice three frames), the mean over time beside
    the mean frame, and a ``HashHead``, without dropout, as of published video heads. They stand in
    for the 3D network of arXiv 1908.00347, whose frames here come from a frozen backbone.
    """

    def __init__(self, features: int, bits: int) -> None:
        super().__init__()
        self.scale = features**0.5
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, CHANNELS, width, padding=width // 2)
            for before, width in ((features, 1), (CHANNELS, WIDTH), (CHANNELS, WIDTH))
        )
        self.head = HashHead(features + CHANNELS, bits, dropout=0.0)

    def vectors(self, features: Tensor) -> Tensor:
        """(N, T, D) -> (N, D + C) of length 1: what an index keeps of a clip."""
        motion = self.scale * features.transpose(1, 2)
        for layer in self.convolutions:
            motion = layer(motion).relu()
        parts = [features.mean(dim=1), motion.mean(dim=2)]
        return torch.cat([normalize(part, dim=1) for part in parts], dim=1) / 2**0.5

    def forward(self, features: Tensor) -> Tensor:
        """(N, T, D) -> (N, B)."""
        raw: Tensor = self.head(self.vectors(features))
        return raw
