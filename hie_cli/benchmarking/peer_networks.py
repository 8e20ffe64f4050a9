"""Architectures of other packages' networks with random weights: for the time they take alone.

YOLOX (Ge et al., arXiv 2107.08430) and RTMPose (Jiang et al., arXiv 2303.07399, on CSPNeXt: Lyu et
al., RTMDet, arXiv 2212.07784, section 3), by what the papers and their authors' settings say; the
numbers of weights are those published.
"""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

_CLASSES = 80
_JOINTS = 17


def conv(c_in: int, c_out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Module:
    """Convolution, batch normalisation, SiLU."""
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(c_out),
        nn.SiLU(inplace=True),
    )


class Block(nn.Module):
    """A residual block: YOLOX's (1x1, 3x3), or CSPNeXt's (3x3, 5x5 depthwise and 1x1)."""

    def __init__(self, channels: int, residual: bool, large: bool) -> None:
        super().__init__()
        if large:
            last = (conv(channels, channels, 5, groups=channels), conv(channels, channels))
            self.body = nn.Sequential(conv(channels, channels, 3), *last)
        else:
            self.body = nn.Sequential(conv(channels, channels), conv(channels, channels, 3))
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> the same shape."""
        found: Tensor = self.body(x)
        return x + found if self.residual else found


class Attention(nn.Module):
    """Channels weighted by what the whole map holds."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> the same shape."""
        return x * functional.hardsigmoid(self.weigh(x.mean((2, 3), keepdim=True)))


class CspStage(nn.Module):
    """Half of the channels through blocks, half past them."""

    def __init__(
        self, c_in: int, c_out: int, blocks: int, residual: bool = True, large: bool = False
    ) -> None:
        super().__init__()
        half = c_out // 2
        self.through, self.past = conv(c_in, half), conv(c_in, half)
        self.blocks = nn.Sequential(*(Block(half, residual, large) for _ in range(blocks)))
        self.attention = Attention(2 * half) if large else nn.Identity()
        self.join = conv(2 * half, c_out)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, C', h, w)."""
        both = torch.cat((self.blocks(self.through(x)), self.past(x)), 1)
        joined: Tensor = self.join(self.attention(both))
        return joined


class Pyramid(nn.Module):
    """Maxima over 5, 9 and 13 cells beside the map itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter, self.leave = conv(channels, channels // 2), conv(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> the same shape."""
        x = self.enter(x)
        wider = [functional.max_pool2d(x, k, 1, k // 2) for k in (5, 9, 13)]
        joined: Tensor = self.leave(torch.cat((x, *wider), 1))
        return joined


def stages(width: float, depth: float, large: bool) -> nn.ModuleList:
    """The four stages of CSPDarknet, or with ``large`` kernels of CSPNeXt; the stem goes before."""
    made = nn.ModuleList()
    repeats = (3, 6, 6, 3) if large else (3, 9, 9, 3)
    for level, repeat in enumerate(repeats):
        c_in, c_out = (round(64 * 2**k * width) for k in (level, level + 1))
        last = level == 3
        made.append(
            nn.Sequential(
                conv(c_in, c_out, 3, 2),
                Pyramid(c_out) if last else nn.Identity(),
                CspStage(c_out, c_out, max(round(repeat * depth), 1), not last, large),
            )
        )
    return made


class Yolox(nn.Module):
    """(N, 3, H, W) -> (N, A, 85): boxes as raw distances, chance of an object, of each class."""

    def __init__(self, width: float, depth: float) -> None:
        super().__init__()
        low, middle, high = (round(c * width) for c in (256, 512, 1024))
        n = max(round(3 * depth), 1)
        self.stem = conv(12, round(64 * width), 3)
        self.stages = stages(width, depth, large=False)
        self.lateral, self.reduce = conv(high, middle), conv(middle, low)
        self.down1, self.down2 = conv(low, low, 3, 2), conv(middle, middle, 3, 2)
        self.fuse4 = CspStage(2 * middle, middle, n, residual=False)
        self.fuse3 = CspStage(2 * low, low, n, residual=False)
        self.out4 = CspStage(2 * low, middle, n, residual=False)
        self.out5 = CspStage(2 * middle, high, n, residual=False)
        self.heads = nn.ModuleList(_Head(c, low) for c in (low, middle, high))

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        x = self.stem(functional.pixel_unshuffle(images, 2))
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        _, c3, c4, c5 = levels
        p5 = self.lateral(c5)
        p4 = self.reduce(self.fuse4(torch.cat((_twice(p5), c4), 1)))
        n3 = self.fuse3(torch.cat((_twice(p4), c3), 1))
        n4 = self.out4(torch.cat((self.down1(n3), p4), 1))
        n5 = self.out5(torch.cat((self.down2(n4), p5), 1))
        found = [head(level) for head, level in zip(self.heads, (n3, n4, n5), strict=True)]
        return torch.cat([each.flatten(2) for each in found], 2).transpose(1, 2)


class _Head(nn.Module):
    """One level's (N, 85, h, w)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.stem = conv(channels, hidden)
        self.classes, self.sides = (
            nn.Sequential(conv(hidden, hidden, 3), conv(hidden, hidden, 3)) for _ in range(2)
        )
        self.to_classes = nn.Conv2d(hidden, _CLASSES, 1)
        self.to_sides = nn.Conv2d(hidden, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, 85, h, w)."""
        x = self.stem(x)
        sides = self.to_sides(self.sides(x))
        chances = torch.cat((sides[:, 4:], self.to_classes(self.classes(x))), 1).sigmoid()
        return torch.cat((sides[:, :4], chances), 1)


class RtmPose(nn.Module):
    """(N, 3, 256, 192) -> (N, 17, 384) and (N, 17, 512): each joint's x and y as classes."""

    def __init__(self, width: float, depth: float) -> None:
        super().__init__()
        first = round(64 * width)
        self.stem = nn.Sequential(
            conv(3, first // 2, 3, 2), conv(first // 2, first // 2, 3), conv(first // 2, first, 3)
        )
        self.stages = stages(width, depth, large=True)
        self.joints = nn.Conv2d(round(1024 * width), _JOINTS, 7, padding=3)
        self.scale = nn.Parameter(torch.ones(2))
        self.flat = nn.Linear(48, 256, bias=False)
        self.unit = nn.Linear(256, 2 * 512 + 128, bias=False)
        self.query = nn.Parameter(torch.rand(2, 128))
        self.shift = nn.Parameter(torch.rand(2, 128))
        self.mix = nn.Linear(512, 256, bias=False)
        self.to_x, self.to_y = nn.Linear(256, 384, bias=False), nn.Linear(256, 512, bias=False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See the class; a gated attention unit (Hua et al., arXiv 2202.10447) joins the joints."""
        x = self.stem(images)
        for stage in self.stages:
            x = stage(x)
        tokens = self.flat(_normed(self.joints(x).flatten(2)) * self.scale[0])
        mixed = functional.silu(self.unit(_normed(tokens) * self.scale[1]))
        u, v, base = mixed[..., :512], mixed[..., 512:1024], mixed[..., 1024:]
        query, key = (base[..., None, :] * self.query + self.shift).unbind(-2)
        weight = functional.relu(query @ key.transpose(1, 2) / 128**0.5) ** 2
        tokens = tokens + self.mix(u * (weight @ v))
        return self.to_x(tokens), self.to_y(tokens)


def _normed(x: Tensor) -> Tensor:
    length: Tensor = x.square().sum(-1, keepdim=True).sqrt().clamp(min=1e-5)
    return x / length


def _twice(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0)


def write(network: nn.Module, size_wh: tuple[int, int], path: Path) -> str:
    """``network`` for one image of that size as an ONNX file; its path in text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        torch.onnx.export(
            network.eval(), (torch.zeros(1, 3, size_wh[1], size_wh[0]),), str(path),
            input_names=["input"], opset_version=17, dynamo=False,
        )  # fmt: skip
    return str(path)
