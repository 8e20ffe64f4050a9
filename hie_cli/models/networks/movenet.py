"""MoveNet: MobileNetV2 trunk, feature pyramid and CenterNet heads (Google, Apache-2.0).

Three networks of one plan, differing in width and heads: MultiPose (many people, any multiple of
32), Thunder (one person, 256 x 256) and Lightning (one person, 192 x 192). Trunk: Sandler et al.,
MobileNetV2, 2018; heads: Zhou et al., Objects as Points, 2019, section 4.2. Batch normalisation is
folded into the convolutions, hence conv with bias; they can be trained on as they are.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from hie_cli.models.decoders.centernet import NUM_KEYPOINTS
from hie_cli.models.networks.blocks import Pixels, upsample

_HEAD_WIDTH = 96
_TOP = 1280
# MobileNetV2 at width 1: channels, repeats, stride of the first of them.
_PLAN = ((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1))
_LEVEL_ENDS = (2, 5, 9)  # blocks after which strides 4, 8 and 16 feed the pyramid


def _scaled(channels: int, width: float) -> int:
    """``channels * width`` to the nearest multiple of 8, never more than a tenth below it."""
    exact = channels * width
    rounded = max(8, int(exact + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * exact else rounded


class SameConv(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME for even inputs: right and bottom at stride 2."""

    def __init__(
        self,
        c_in: int,
        c_out: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        *,
        bias: bool = True,
    ) -> None:
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(c_in, c_out, kernel, stride, padding, groups=groups, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, C', h / stride, w / stride)."""
        padded = functional.pad(x, (0, 1, 0, 1)) if self.stride[0] == 2 else x
        return super().forward(padded)


class InvertedResidual(nn.Module):
    """MobileNetV2's block: expand, depthwise, project, ReLU6 after the first two.

    conv: how a convolution is padded.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        stride: int,
        expansion: int,
        conv: Callable[..., nn.Conv2d] = SameConv,
    ) -> None:
        super().__init__()
        hidden = c_in * expansion
        self.expand = conv(c_in, hidden, 1) if expansion > 1 else None
        self.depthwise = conv(hidden, hidden, 3, stride, groups=hidden)
        self.project = conv(hidden, c_out, 1)
        self.residual = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, C', h / stride, w / stride)."""
        hidden = x if self.expand is None else functional.relu6(self.expand(x))
        out: Tensor = self.project(functional.relu6(self.depthwise(hidden)))
        return x + out if self.residual else out


class Separable(nn.Module):
    """Depthwise 3x3 without bias, then 1x1 with bias, then ReLU."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.depthwise = SameConv(c_in, c_in, 3, groups=c_in, bias=False)
        self.pointwise = SameConv(c_in, c_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, C', h, w)."""
        return functional.relu(self.pointwise(self.depthwise(x)))


def inverted_residuals(
    width: float = 1.0, conv: Callable[..., nn.Conv2d] = SameConv
) -> list[InvertedResidual]:
    """MobileNetV2's 17 blocks after its stem of ``32 * width`` channels."""
    blocks: list[InvertedResidual] = []
    channels = _scaled(32, width)
    for base, repeats, stride in _PLAN:
        for repeat in range(repeats):
            out, expansion = _scaled(base, width), 6 if blocks else 1
            blocks.append(InvertedResidual(channels, out, 1 if repeat else stride, expansion, conv))
            channels = out
    return blocks


class Trunk(nn.Module):
    """Images (N, H, W, 3) uint8 BGR -> features (N, 24, H / 4, W / 4)."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.pixels = Pixels((127.5,) * 3, (127.5,) * 3, rgb=True)
        channels = _scaled(32, width)
        self.stem = SameConv(3, channels, 3, 2)
        blocks = inverted_residuals(width)
        self.blocks = nn.ModuleList(blocks)
        self.top = SameConv(blocks[-1].project.out_channels, _TOP, 1)
        levels = [blocks[end].project.out_channels for end in _LEVEL_ENDS]
        self.lateral = nn.ModuleList(
            SameConv(c_in, c_out, 1)
            for c_in, c_out in zip((*levels, _TOP), (24, 32, 64, 64), strict=True)
        )
        self.smooth = nn.ModuleList(Separable(*c) for c in ((24, 24), (32, 24), (64, 32)))

    def forward(self, images: Tensor) -> Tensor:
        """(N, H, W, 3) uint8 BGR -> (N, 24, H / 4, W / 4)."""
        x = functional.relu6(self.stem(self.pixels(images)))
        levels = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in _LEVEL_ENDS:
                levels.append(x)
        levels.append(functional.relu6(self.top(x)))
        fine, *coarser = (layer(level) for layer, level in zip(self.lateral, levels, strict=True))
        features: Tensor = coarser.pop()
        for smooth, level in zip(reversed(self.smooth), (*reversed(coarser), fine), strict=True):
            features = smooth(upsample(features) + level)
        return features


class Head(nn.Sequential):
    """Features (N, 24, h, w) -> one map (N, C, h, w), raw."""

    def __init__(self, channels: int) -> None:
        super().__init__(Separable(24, _HEAD_WIDTH), SameConv(_HEAD_WIDTH, channels, 1))


class SinglePose(nn.Module):
    """Thunder (width 1.75) or Lightning (width 1): one person in a square crop."""

    OUTPUTS = ("center", "heatmap", "regress", "offset")

    def __init__(self, width: float) -> None:
        super().__init__()
        self.trunk = Trunk(width)
        self.center = Head(1)
        self.heatmap = Head(NUM_KEYPOINTS)
        self.regress = Head(2 * NUM_KEYPOINTS)
        self.offset = Head(2 * NUM_KEYPOINTS)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Maps at a quarter of the size, all (N, C, h, w), in cells.

        Centre probability (1), keypoint probability (17), keypoint minus cell as y, x pairs (34),
        and the offset within a cell as y, x pairs (34).
        """
        f = self.trunk(images)
        return (
            self.center(f).sigmoid(),
            self.heatmap(f).sigmoid(),
            self.regress(f),
            self.offset(f),
        )


class MultiPose(nn.Module):
    """MoveNet MultiPose: the boxes and poses of everybody, height and width multiples of 32."""

    OUTPUTS = ("center", "box_scale", "box_offset", "heatmap", "regress", "offset")

    def __init__(self, width: float = 1.5) -> None:
        super().__init__()
        self.trunk = Trunk(width)
        self.center = Head(1)
        self.box_scale = Head(2)
        self.box_offset = Head(2)
        self.heatmap = Head(NUM_KEYPOINTS)
        self.regress = Head(2 * NUM_KEYPOINTS)
        self.offset = Head(2 * NUM_KEYPOINTS)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Maps at a quarter of the size, all (N, C, h, w), in cells.

        Centre probability where it is a local maximum, else 0 (1), box height and width (2), box
        centre minus cell as y, x (2), keypoint probability (17), keypoint minus cell as y, x pairs
        (34), and the offset within a cell as y, x pairs (34).
        """
        f = self.trunk(images)
        center = self.center(f).sigmoid()
        summit = functional.max_pool2d(center, 5, 1, 2)
        peaks = torch.where(center >= summit, center, torch.zeros_like(center))
        return (peaks, *self._others(f))

    def maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """As ``forward``, but with the centre probabilities of all cells."""
        f = self.trunk(images)
        return (self.center(f).sigmoid(), *self._others(f))

    def _others(self, f: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        return (
            self.box_scale(f),
            self.box_offset(f),
            self.heatmap(f).sigmoid(),
            self.regress(f),
            self.offset(f),
        )
