"""RAFT-small, a learned optical flow (Teed & Deng, "RAFT: Recurrent All-Pairs Field Transforms for
Optical Flow", ECCV 2020), for weights that the user brings.

Both frames are encoded at an eighth of their size; the dot products of all pairs of feature vectors
are kept at four scales; from flow zero on, a recurrent unit looks up the products around where each
pixel's flow leads at the moment, and corrects that flow. Module names are those of torchvision's
``raft_small``, so that its state dict fits as it is; the authors' names are translated. hie ships
no weights and measured no accuracy.
"""

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from hie_cli.core.types import Image
from hie_cli.flow.fields import Field

LEVELS = 4  # scales of the correlation
RADIUS = 3  # of the window looked up in each
HIDDEN, CONTEXT = 96, 64  # channels of the recurrent state and of what it is told of the image
UPDATES = 12
LEAST_SIDE = 8 << LEVELS  # so that the coarsest correlation still has two pixels


def _layer(before: int, after: int, kernel: int, stride: int = 1, norm: bool = False) -> nn.Module:
    """Convolution, instance norm where wanted, ReLU."""
    parts: list[nn.Module] = [nn.Conv2d(before, after, kernel, stride, kernel // 2)]
    if norm:
        parts.append(nn.InstanceNorm2d(after))
    return nn.Sequential(*parts, nn.ReLU())


class Bottleneck(nn.Module):
    """A residual block whose 3 x 3 convolution works on a quarter of the channels."""

    def __init__(self, before: int, after: int, stride: int, norm: bool) -> None:
        super().__init__()
        narrow = after // 4
        self.convnormrelu1 = _layer(before, narrow, 1, norm=norm)
        self.convnormrelu2 = _layer(narrow, narrow, 3, stride, norm)
        self.convnormrelu3 = _layer(narrow, after, 1, norm=norm)
        self.downsample: nn.Module = nn.Identity()
        if stride > 1:
            parts: list[nn.Module] = [nn.Conv2d(before, after, 1, stride)]
            self.downsample = nn.Sequential(*parts, *([nn.InstanceNorm2d(after)] if norm else []))

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, before, h, w) to (B, after, h / stride, w / stride)."""
        inner = self.convnormrelu3(self.convnormrelu2(self.convnormrelu1(x)))
        return functional.relu(cast(Tensor, self.downsample(x)) + inner)


class Encoder(nn.Module):
    """An image (B, 3, H, W) to features (B, channels, H / 8, W / 8)."""

    def __init__(self, channels: int, norm: bool) -> None:
        super().__init__()

        def two(before: int, after: int, stride: int) -> nn.Module:
            first = Bottleneck(before, after, stride, norm)
            return nn.Sequential(first, Bottleneck(after, after, 1, norm))

        self.convnormrelu = _layer(3, 32, 7, 2, norm)
        self.layer1 = two(32, 32, 1)
        self.layer2 = two(32, 64, 2)
        self.layer3 = two(64, 96, 2)
        self.conv = nn.Conv2d(96, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = self.layer3(self.layer2(self.layer1(self.convnormrelu(x))))
        return cast(Tensor, self.conv(x))


class MotionEncoder(nn.Module):
    """Correlation (B, 196, h, w) and flow (B, 2, h, w) to motion features (B, 82, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.convcorr1 = _layer(LEVELS * (2 * RADIUS + 1) ** 2, 96, 1)
        self.convflow1 = _layer(2, 64, 7)
        self.convflow2 = _layer(64, 32, 3)
        self.conv = _layer(96 + 32, 80, 3)

    def forward(self, flow: Tensor, correlation: Tensor) -> Tensor:
        """See the class; the flow itself is the last two channels."""
        seen = torch.cat([self.convcorr1(correlation), self.convflow2(self.convflow1(flow))], 1)
        return torch.cat([self.conv(seen), flow], 1)


class ConvGRU(nn.Module):
    """A gated recurrent unit made of 3 x 3 convolutions."""

    def __init__(self, hidden: int, given: int) -> None:
        super().__init__()
        self.convz = nn.Conv2d(hidden + given, hidden, 3, padding=1)
        self.convr = nn.Conv2d(hidden + given, hidden, 3, padding=1)
        self.convq = nn.Conv2d(hidden + given, hidden, 3, padding=1)

    def forward(self, state: Tensor, given: Tensor) -> Tensor:
        """The next state (B, hidden, h, w)."""
        both = torch.cat([state, given], 1)
        update, reset = torch.sigmoid(self.convz(both)), torch.sigmoid(self.convr(both))
        fresh = torch.tanh(self.convq(torch.cat([reset * state, given], 1)))
        return (1 - update) * state + update * fresh


class Recurrent(nn.Module):
    """One ConvGRU (RAFT's large sibling has two); a level of names only."""

    def __init__(self) -> None:
        super().__init__()
        self.convgru1 = ConvGRU(HIDDEN, CONTEXT + 82)

    def forward(self, state: Tensor, given: Tensor) -> Tensor:
        """The next state (B, 96, h, w)."""
        return cast(Tensor, self.convgru1(state, given))


class FlowHead(nn.Module):
    """The state (B, 96, h, w) to a correction of the flow (B, 2, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(HIDDEN, 128, 3, padding=1)
        self.conv2 = nn.Conv2d(128, 2, 3, padding=1)

    def forward(self, state: Tensor) -> Tensor:
        """See the class."""
        return cast(Tensor, self.conv2(functional.relu(self.conv1(state))))


class UpdateBlock(nn.Module):
    """One step: what the present flow finds -> new state and a correction."""

    def __init__(self) -> None:
        super().__init__()
        self.motion_encoder = MotionEncoder()
        self.recurrent_block = Recurrent()
        self.flow_head = FlowHead()

    def forward(
        self, state: Tensor, context: Tensor, correlation: Tensor, flow: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The next state and the correction; all maps (B, channels, h, w)."""
        given = torch.cat([context, self.motion_encoder(flow, correlation)], 1)
        state = self.recurrent_block(state, given)
        return state, self.flow_head(state)


def grid(height: int, width: int, like: Tensor) -> Tensor:
    """Pixel positions (1, 2, height, width), x before y, on the device of ``like``."""
    y, x = torch.meshgrid(
        torch.arange(height, device=like.device), torch.arange(width, device=like.device),
        indexing="ij",
    )  # fmt: skip
    return torch.stack([x, y]).to(like.dtype)[None]


def pyramid(first: Tensor, second: Tensor) -> list[Tensor]:
    """Correlation of all pairs of pixels of two feature maps (B, C, h, w), at four scales.

    Level l is (B·h·w, 1, h >> l, w >> l): dot products over sqrt(C), averaged over 2^l x 2^l pixels
    of ``second``.
    """
    batch, channels, height, width = first.shape
    products = first.flatten(2).transpose(1, 2) @ second.flatten(2) / channels**0.5
    levels = [products.reshape(batch * height * width, 1, height, width)]
    for _ in range(LEVELS - 1):
        levels.append(functional.avg_pool2d(levels[-1], 2))
    return levels


def look_up(levels: list[Tensor], at: Tensor) -> Tensor:
    """Correlation (B, 4·49, h, w) in a window of radius 3 around ``at`` (B, 2, h, w), every scale.

    Bilinear, 0 outside. Channels run over scales, then x offsets, then y offsets.
    """
    batch, _, height, width = at.shape
    centre = at.permute(0, 2, 3, 1).reshape(-1, 1, 1, 2)
    reach = torch.arange(-RADIUS, RADIUS + 1, device=at.device, dtype=at.dtype)
    window = torch.stack(torch.meshgrid(reach, reach, indexing="ij"), -1)  # [i, j] = (x_i, y_j)
    found = []
    for level, correlation in enumerate(levels):
        size = torch.tensor(correlation.shape[:1:-1], device=at.device, dtype=at.dtype)  # (w, h)
        place = (centre / 2**level + window) * 2 / (size - 1) - 1
        taken = functional.grid_sample(correlation, place, align_corners=True)
        found.append(taken.reshape(batch, height, width, -1))
    return torch.cat(found, -1).permute(0, 3, 1, 2)


class RaftSmall(nn.Module):
    """Flow from images ``first`` to ``second`` (B, 3, H, W; RGB in -1..1; sides multiples of 8, at
    least 128): (B, 2, H, W) in pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        self.feature_encoder = Encoder(128, norm=True)
        self.context_encoder = Encoder(HIDDEN + CONTEXT, norm=False)
        self.update_block = UpdateBlock()

    def forward(self, first: Tensor, second: Tensor, updates: int = UPDATES) -> Tensor:
        """See the class; ``updates``: how often the flow is corrected."""
        features = self.feature_encoder(torch.cat([first, second]))
        levels = pyramid(*features.chunk(2))
        state, context = self.context_encoder(first).split([HIDDEN, CONTEXT], 1)
        state, context = torch.tanh(state), torch.relu(context)
        start = grid(state.shape[2], state.shape[3], state)
        flow = torch.zeros_like(state[:, :2])
        for _ in range(updates):
            found = look_up(levels, start + flow)
            state, correction = self.update_block(state, context, found, flow)
            flow = flow + correction
        return 8 * functional.interpolate(flow, scale_factor=8, mode="bilinear", align_corners=True)


def flow_both_ways(
    network: RaftSmall, first: Image, second: Image, device: str
) -> tuple[Field, Field]:
    """Flow (h, w, 2) from ``first`` to ``second`` (h, w, 3; uint8 BGR) and back."""
    height, width = first.shape[:2]
    extra_y = max(LEAST_SIDE, -(-height // 8) * 8) - height
    extra_x = max(LEAST_SIDE, -(-width // 8) * 8) - width
    rgb = np.stack([first, second])[..., ::-1].astype(np.float32) / 127.5 - 1
    images = torch.from_numpy(rgb).permute(0, 3, 1, 2).to(device)
    images = functional.pad(images, (0, extra_x, 0, extra_y), mode="replicate")
    with torch.inference_mode():
        flows = network(images, images.flip(0))
    cut = flows[..., :height, :width].permute(0, 2, 3, 1).float().cpu().numpy()
    return np.ascontiguousarray(cut[0]), np.ascontiguousarray(cut[1])
