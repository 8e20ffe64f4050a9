"""Residual blocks under torchvision's parameter names (K. He et al., CVPR 2016)."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import relu


class Norm(nn.BatchNorm2d):
    """Batch normalisation without the counter of batches, which weights files need not have."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.num_batches_tracked = None

    def _load_from_state_dict(
        self, state_dict: Mapping[str, Any], prefix: str, *others: Any
    ) -> None:
        # Not BatchNorm2d's, which would add the counter to files of old versions.
        nn.Module._load_from_state_dict(self, state_dict, prefix, *others)


def conv3(c_in: int, c_out: int, stride: int = 1) -> nn.Conv2d:
    """3 x 3 convolution (padding 1) without bias."""
    return nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and what came in: C -> C channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv3(channels, channels), Norm(channels)
        self.conv2, self.bn2 = conv3(channels, channels), Norm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> the same shape."""
        return relu(self.bn2(self.conv2(relu(self.bn1(self.conv1(x))))) + x)


class FrozenNorm(nn.Module):
    """Batch normalisation whose weights and statistics stay as they are.

    Nothing is added to the variance: the published detectors were trained so.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0)):
            self.register_buffer(name, torch.full((channels,), value))
        self.register_buffer("running_var", torch.ones(channels))

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> the same shape."""
        scale = self.weight * self.running_var.rsqrt()
        shift = self.bias - self.running_mean * scale
        return x * scale[:, None, None] + shift[:, None, None]


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 (with the stride), 1 x 1 to four times ``width``, and what came in.

    norm: makes the normalisation of so many channels.
    """

    def __init__(
        self, c_in: int, width: int, stride: int = 1, norm: Callable[[int], nn.Module] = Norm
    ) -> None:
        super().__init__()
        c_out = 4 * width
        self.conv1, self.bn1 = nn.Conv2d(c_in, width, 1, bias=False), norm(width)
        self.conv2, self.bn2 = conv3(width, width, stride), norm(width)
        self.conv3, self.bn3 = nn.Conv2d(width, c_out, 1, bias=False), norm(c_out)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or c_in != c_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(c_in, c_out, 1, stride, bias=False), norm(c_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, 4 width, h / stride, w / stride)."""
        y = relu(self.bn2(self.conv2(relu(self.bn1(self.conv1(x))))))
        return relu(
            self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x))
        )


def bottlenecks(
    c_in: int, width: int, count: int, stride: int = 1, norm: Callable[[int], nn.Module] = Norm
) -> nn.Sequential:
    """``count`` blocks, the first with the stride."""
    blocks = [Bottleneck(c_in, width, stride, norm)]
    blocks += [Bottleneck(4 * width, width, norm=norm) for _ in range(count - 1)]
    return nn.Sequential(*blocks)
