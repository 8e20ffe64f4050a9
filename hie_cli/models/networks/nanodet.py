"""NanoDet: a one-stage, anchor-free person detector (RangiLyu, github.com/RangiLyu/nanodet).

The packaged weights are of its variant with a plain cross-stage-partial (CSP) trunk, "NanoDet-g"
upstream: CSP trunk, path-aggregation neck, one head per stride, distances to the four sides as
distributions over 0..10 cells (generalised focal loss, Li et al. 2020). Batch normalisation
is folded into the convolutions, hence conv with bias; it can be trained on as it is.
"""

import torch
from torch import Tensor, nn

from hie_cli.models.decoders.distance_bins import STRIDES
from hie_cli.models.networks.blocks import Pixels, upsample

NUM_CLASSES = 80
BINS = 11  # a side is the expected value of a distribution over 0..10 cells
PERSON = 0
_WIDTH = 128


class ConvAct(nn.Sequential):
    """3x3 convolution (padding 1) and LeakyReLU(0.1)."""

    def __init__(self, c_in: int, c_out: int, stride: int = 1) -> None:
        super().__init__(nn.Conv2d(c_in, c_out, 3, stride, 1), nn.LeakyReLU(0.1, inplace=True))


class Split(nn.Module):
    """C -> C channels: two stacked convolutions of C/2 each, both kept."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvAct(channels, channels // 2)
        self.second = ConvAct(channels // 2, channels // 2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, C, h, w)."""
        first = self.first(x)
        return torch.cat((self.second(first), first), 1)


class CspStage(nn.Module):
    """C -> 2C channels: the input convolution's result beside its refinement."""

    def __init__(self, channels: int, depth: int, stride: int) -> None:
        super().__init__()
        self.enter = ConvAct(channels, channels, stride)
        self.splits = nn.Sequential(*(Split(channels) for _ in range(depth)))
        self.leave = ConvAct(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, 2C, h / stride, w / stride)."""
        entered = self.enter(x)
        return torch.cat((self.leave(self.splits(entered)), entered), 1)


class NanoDet(nn.Module):
    """(N, H, W, 3) uint8 BGR, H and W multiples of 32 -> person scores and side distributions.

    width: of all channels but the heads' outputs, over the published ones.
    """

    OUTPUTS = ("scores", "bins")

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        c = round(32 * width)  # after the stem; every stage doubles it
        self.width = neck = round(_WIDTH * width)  # channels of the features
        self.pixels = Pixels((103.53, 116.28, 123.675), (57.375, 57.12, 58.395))
        self.stem = ConvAct(3, c, stride=2)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.stage1 = CspStage(c, depth=1, stride=1)
        self.stage2 = CspStage(2 * c, depth=2, stride=2)
        self.stage3 = CspStage(4 * c, depth=2, stride=2)
        self.stage4 = CspStage(8 * c, depth=3, stride=2)
        self.lateral = nn.ModuleList(nn.Conv2d(k * c, neck, 1) for k in (4, 8, 16))
        self.heads = nn.ModuleList(
            nn.Sequential(ConvAct(neck, neck), nn.Conv2d(neck, NUM_CLASSES + 4 * BINS, 1))
            for _ in STRIDES
        )

    def features(self, images: Tensor) -> list[Tensor]:
        """The neck's maps per stride 8, 16, 32: (N, 128 * width, h, w)."""
        c2 = self.stage2(self.stage1(self.pool(self.stem(self.pixels(images)))))
        c3 = self.stage3(c2)
        c4 = self.stage4(c3)
        p2, p3, p4 = (layer(c) for layer, c in zip(self.lateral, (c2, c3, c4), strict=True))
        p3 = p3 + upsample(p4)
        p2 = p2 + upsample(p3)
        # Halving bilinearly between pixel centres is the mean of 2x2.
        n3 = p3 + nn.functional.avg_pool2d(p2, 2)
        n4 = p4 + nn.functional.avg_pool2d(n3, 2)
        return [p2, n3, n4]

    def heads_of(self, features: list[Tensor]) -> list[Tensor]:
        """Per stride: (N, 80 + 44, h, w), class logits then the four sides' bins."""
        return [head(level) for head, level in zip(self.heads, features, strict=True)]

    def logits(self, images: Tensor) -> list[Tensor]:
        """``heads_of`` the ``features``."""
        return self.heads_of(self.features(images))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Person scores (N, A) in 0..1, bin logits (N, 44, A); A cells of all strides in turn."""
        flat = [level.flatten(2) for level in self.logits(images)]
        scores = torch.cat([level[:, PERSON] for level in flat], 1).sigmoid()
        return scores, torch.cat([level[:, NUM_CLASSES:] for level in flat], 2)
