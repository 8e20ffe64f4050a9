"""``slowfast-r50`` and ``slowfast-r18``: what persons do, from the pixels of a clip.

C. Feichtenhofer, H. Fan, J. Malik and K. He, SlowFast Networks for Video Recognition (ICCV 2019):
a slow pathway sees every fourth frame (alpha = 4) with many channels, a fast one all frames with an
eighth of them (beta = 1/8); after each stage but the last the fast one is handed to the slow one by
a convolution over time with stride alpha. Persons' features are pooled by RoIAlign under their
boxes in the middle frame from the last stage, averaged over time, as the paper does on AVA.
"""

import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.recognition.learned.roi_align import roi_align

ALPHA, BETA = (
    4,
    8,
)  # frames of the fast pathway to one of the slow; channels of the slow to the fast
ROI = 7  # cells along each side of a person's box
STRIDE = 16  # pixels of the clip to one of the last stage's features
# Temporal kernels of the stem and of the four residual stages.
SLOW_TIMES, FAST_TIMES = (1, 1, 1, 3, 3), (5, 3, 3, 3, 3)


@dataclass(frozen=True)
class Shape:
    """Blocks per stage, whether they are bottlenecks, the lateral kernel over time, and channels
    after the slow pathway's first convolution.
    """

    blocks: tuple[int, int, int, int]
    bottleneck: bool
    lateral: int = 7
    width: int = 64


SHAPES = {
    "slowfast-r50": Shape((3, 4, 6, 3), True),
    "slowfast-r18": Shape((2, 2, 2, 2), False),
}


class Unit(nn.Module):
    """Convolution over time and space, batch norm, and ReLU unless ``linear``."""

    def __init__(
        self,
        before: int,
        after: int,
        kernel: tuple[int, int],
        stride: int = 1,
        dilation: int = 1,
        linear: bool = False,
    ) -> None:
        super().__init__()
        time, side = kernel
        reach = side // 2 * dilation
        self.conv = nn.Conv3d(
            before, after, (time, side, side), (1, stride, stride), (time // 2, reach, reach),
            (1, dilation, dilation), bias=False,
        )  # fmt: skip
        self.norm = nn.BatchNorm3d(after)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        """(B, before, T, h, w) to (B, after, T, h / stride, w / stride)."""
        out: Tensor = self.norm(self.conv(x))
        return out if self.linear else torch.relu(out)


class Block(nn.Module):
    """A residual block: 1x1, 3x3, 1x1 (a bottleneck to a quarter), or 3x3, 3x3; the first of them
    also over ``time`` instants.
    """

    def __init__(
        self, before: int, after: int, time: int, stride: int, dilation: int, bottleneck: bool
    ) -> None:
        super().__init__()
        if bottleneck:
            inner = after // 4
            parts = [
                ("a", Unit(before, inner, (time, 1))),
                ("b", Unit(inner, inner, (1, 3), stride, dilation)),
                ("c", Unit(inner, after, (1, 1), linear=True)),
            ]
        else:
            parts = [
                ("a", Unit(before, after, (time, 3), stride, dilation)),
                ("b", Unit(after, after, (1, 3), dilation=dilation, linear=True)),
            ]
        self.skip: nn.Module = nn.Identity()
        if before != after or stride != 1:
            self.skip = Unit(before, after, (1, 1), stride, linear=True)
        self.body = nn.Sequential()
        for name, part in parts:
            self.body.add_module(name, part)

    def forward(self, x: Tensor) -> Tensor:
        """(B, before, T, h, w) to (B, after, T, h / stride, w / stride)."""
        return torch.relu(self.skip(x) + self.body(x))


class Lateral(nn.Module):
    """What the fast pathway tells the slow one: twice its channels, every ``ALPHA``-th instant."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(
            channels, 2 * channels, (kernel, 1, 1), (ALPHA, 1, 1), (kernel // 2, 0, 0), bias=False
        )
        self.norm = nn.BatchNorm3d(2 * channels)

    def forward(self, slow: Tensor, fast: Tensor) -> Tensor:
        """Slow (B, C, T / ALPHA, h, w) with the fast (B, channels, T, h, w) joined to it."""
        return torch.cat([slow, torch.relu(self.norm(self.conv(fast)))], 1)


class Stage(nn.Module):
    """The same stage of both pathways, and the lateral connection after it (but the last)."""

    def __init__(self, slow: nn.Module, fast: nn.Module, lateral: Lateral | None) -> None:
        super().__init__()
        self.slow, self.fast, self.lateral = slow, fast, lateral

    def forward(self, slow: Tensor, fast: Tensor) -> tuple[Tensor, Tensor]:
        """Both pathways' features, the slow ones with what the lateral brings."""
        slow, fast = self.slow(slow), self.fast(fast)
        return (slow if self.lateral is None else self.lateral(slow, fast)), fast


class SlowFast(nn.Module):
    """Logits of persons in clips.

    ``fine``: the last stage keeps its size by dilation (features at 1/16, as published for AVA);
    otherwise 1/32 as for Kinetics; the weights are the same. ``context`` extra features per person
    (a scene vector) are joined before the classifier.
    """

    def __init__(
        self, shape: Shape, classes: int = NUM_ACTIONS, fine: bool = True, context: int = 0
    ) -> None:
        super().__init__()
        self.scale = 1 / STRIDE if fine else 0.5 / STRIDE
        self.stages = nn.ModuleList()
        stem = [
            nn.Sequential(
                Unit(3, channels, (times[0], 7), 2), nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
            )
            for channels, times in ((shape.width, SLOW_TIMES), (shape.width // BETA, FAST_TIMES))
        ]
        self.stages.append(Stage(stem[0], stem[1], Lateral(shape.width // BETA, shape.lateral)))
        before = shape.width
        for k, count in enumerate(shape.blocks):
            after = shape.width * 2**k * (4 if shape.bottleneck else 1)
            stride, dilation = (1 if k == 0 else 2), 1
            if fine and k == 3:
                stride, dilation = 1, 2
            paths = []
            for share, times in ((1, SLOW_TIMES), (BETA, FAST_TIMES)):
                joined = 2 * before // BETA if share == 1 else 0
                blocks = nn.Sequential()
                for i in range(count):
                    inputs = before // share + joined if i == 0 else after // share
                    blocks.append(
                        Block(
                            inputs, after // share, times[k + 1], stride if i == 0 else 1,
                            dilation, shape.bottleneck,
                        )
                    )  # fmt: skip
                paths.append(blocks)
            lateral = Lateral(after // BETA, shape.lateral) if k < 3 else None
            self.stages.append(Stage(paths[0], paths[1], lateral))
            before = after
        self.width = before + before // BETA
        self.drop = nn.Dropout(0.5)
        self.classify = nn.Linear(self.width + context, classes)

    def forward(
        self, clips: Tensor, boxes: Tensor, batch: Tensor, context: Tensor | None = None
    ) -> Tensor:
        """Logits (K, classes) of K persons; arguments as ``describe``, context (K, context)."""
        features = self.describe(clips, boxes, batch)
        if context is not None:
            features = torch.cat([features, context], 1)
        logits: Tensor = self.classify(self.drop(features))
        return logits

    def maps(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """Both pathways' last features (B, C, T', h, w) of clips (B, 3, T, H, W), see ``inputs``.

        T must be a multiple of ``ALPHA``.
        """
        # Of T frames the slow pathway gets T / ALPHA, the first and the last among them.
        chosen = torch.linspace(0, clips.shape[2] - 1, clips.shape[2] // ALPHA).long()
        slow, fast = clips[:, :, chosen.to(clips.device)], clips
        for stage in self.stages:
            slow, fast = stage(slow, fast)
        return slow, fast

    def describe(self, clips: Tensor, boxes: Tensor, batch: Tensor) -> Tensor:
        """Features (K, width) under boxes (K, 4; xyxy pixels of the clip) in clips ``batch`` (K,).

        Averaged over time, largest over the box.
        """
        parts = [
            roi_align(features.mean(2), boxes, batch, ROI, self.scale).amax((2, 3))
            for features in self.maps(clips)
        ]
        return torch.cat(parts, 1)


def slowfast(name: str, classes: int = NUM_ACTIONS, context: int = 0, width: int = 64) -> SlowFast:
    """The network of that name, with random weights; ``width`` below the published 64 is quicker.

    ``width`` is a multiple of 8.
    """
    return SlowFast(dataclasses.replace(SHAPES[name], width=width), classes, context=context)


def inputs(frames: Tensor) -> Tensor:
    """uint8 BGR frames (B, T, h, w, 3) as the network wants them: (B, 3, T, h, w), RGB, floats.

    Grey 0.45 becomes 0 and 0.225 becomes 1, as in the published models.
    """
    rgb = frames.flip(-1).permute(0, 4, 1, 2, 3).float() / 255
    return (rgb - 0.45) / 0.225
