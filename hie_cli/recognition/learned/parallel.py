"""``parallel``: a person's pose sequence and pictures in parallel channels, joined at the end.

After arXiv 2007.13968, where a text goes through BiLSTM, BiGRU and attention and a picture through
a CNN before one classifier takes both; here the text is the sequence of the person's poses.
"""

import torch
from torch import Tensor, nn

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.recognition.learned.pose_clips import BOX_CHANNELS, JOINT_CHANNELS, LONGEST

STEP = NUM_JOINTS * JOINT_CHANNELS + BOX_CHANNELS  # numbers of one instant


class Recurrent(nn.Module):
    """Bidirectional LSTM or GRU."""

    def __init__(self, layer: type[nn.LSTM] | type[nn.GRU], width: int) -> None:
        super().__init__()
        self.layer = layer(width, width // 2, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        """(M, T, W) to (M, T, W)."""
        out: Tensor = self.layer(x)[0]
        return out


class Attention(nn.Module):
    """Self-attention of the instants, which know their place in the sequence."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.place = nn.Parameter(0.02 * torch.randn(LONGEST, width))
        self.layer = nn.TransformerEncoderLayer(width, 4, 2 * width, 0.1, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(M, T, W) to (M, T, W)."""
        out: Tensor = self.layer(x + self.place[: x.shape[1]])
        return out


class PoseSequences(nn.Module):
    """The sequence channel: three branches, each pooled over time, and their mean."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.BatchNorm1d(STEP)
        self.embed = nn.Linear(STEP, width)
        self.branches = nn.ModuleList(
            [Recurrent(nn.LSTM, width), Recurrent(nn.GRU, width), Attention(width)]
        )
        self.join = nn.ModuleList(nn.Linear(2 * width, width) for _ in self.branches)

    def forward(self, joints: Tensor, boxes: Tensor) -> Tensor:
        """(M, T, 14, 6) and (M, T, 8) to (M, W)."""
        steps = torch.cat([joints.flatten(2), boxes], -1)
        x = torch.relu(self.embed(self.first(steps.transpose(1, 2)).transpose(1, 2)))
        voices = []
        for branch, join in zip(self.branches, self.join, strict=True):
            out = branch(x)
            voices.append(torch.relu(join(torch.cat([out.mean(1), out.amax(1)], -1))))
        return torch.stack(voices).mean(0)


class Pictures(nn.Module):
    """The picture channel: each crop through one small CNN, pooled over the crops of a person."""

    def __init__(self, width: int, channels: tuple[int, ...] = (16, 32, 64, 96)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for after in channels:
            layers += [
                nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
            ]  # fmt: skip
            before = after
        self.layers = nn.Sequential(*layers)
        self.join = nn.Linear(2 * before, width)

    def forward(self, crops: Tensor) -> Tensor:
        """(M, K, 3, h, w) to (M, W)."""
        seen = self.layers(crops.flatten(0, 1)).mean((2, 3)).view(*crops.shape[:2], -1)
        return torch.relu(self.join(torch.cat([seen.mean(1), seen.amax(1)], -1)))


class Parallel(nn.Module):
    """Logits of persons from both channels."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.sequences = PoseSequences(width)
        self.pictures = Pictures(width)
        self.drop = nn.Dropout(0.3)
        self.classify = nn.Linear(2 * width, NUM_ACTIONS)

    def forward(self, joints: Tensor, boxes: Tensor, crops: Tensor) -> Tensor:
        """Logits (M, 14) of joints (M, T, 14, 6), boxes (M, T, 8), crops (M, K, 3, h, w)."""
        both = torch.cat([self.sequences(joints, boxes), self.pictures(crops)], -1)
        logits: Tensor = self.classify(self.drop(both))
        return logits
