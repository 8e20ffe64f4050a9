"""Semantic segmentation for scenes: DeepLabV3 and LR-ASPP on MobileNetV3-Large, weights the user's.

L.-C. Chen et al., Rethinking Atrous Convolution (2017); A. Howard et al., Searching for MobileNetV3
(ICCV 2019). Module names are those of torchvision's ``deeplabv3_mobilenet_v3_large`` and
``lraspp_mobilenet_v3_large``, so that their state dicts fit as they are. hie ships no weights and
measured no accuracy.
"""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from hie_cli.core.errors import ModelError
from hie_cli.recognition.learned.video_weights import read_weights

# MobileNetV3-Large: kernel, expanded channels, channels out, squeeze-excite, hard swish, stride,
# dilation. The last three blocks keep their size by dilation.
_BLOCKS = (
    (3, 16, 16, False, False, 1, 1),
    (3, 64, 24, False, False, 2, 1),
    (3, 72, 24, False, False, 1, 1),
    (5, 72, 40, True, False, 2, 1),
    (5, 120, 40, True, False, 1, 1),
    (5, 120, 40, True, False, 1, 1),
    (3, 240, 80, False, True, 2, 1),
    (3, 200, 80, False, True, 1, 1),
    (3, 184, 80, False, True, 1, 1),
    (3, 184, 80, False, True, 1, 1),
    (3, 480, 112, True, True, 1, 1),
    (3, 672, 112, True, True, 1, 1),
    (5, 672, 160, True, True, 1, 2),
    (5, 960, 160, True, True, 1, 2),
    (5, 960, 160, True, True, 1, 2),
)
LOW = 4  # the block whose features, at 1/8, serve the low branch and the auxiliary classifier
LOW_WIDTH, HIGH_WIDTH = 40, 960
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _unit(
    before: int, after: int, kernel: int, stride: int = 1, dilation: int = 1, groups: int = 1,
    act: type[nn.Module] | None = None,
) -> nn.Sequential:  # fmt: skip
    """Convolution, batch norm and activation as MobileNetV3 has them."""
    reach = (kernel - 1) // 2 * dilation
    parts: list[nn.Module] = [
        nn.Conv2d(before, after, kernel, stride, reach, dilation, groups, bias=False),
        nn.BatchNorm2d(after, eps=0.001, momentum=0.01),
    ]
    return nn.Sequential(*parts, *([act()] if act else []))


def _plain(before: int, after: int, kernel: int, dilation: int = 1) -> list[nn.Module]:
    """Convolution, batch norm and ReLU as the heads have them."""
    reach = (kernel - 1) // 2 * dilation
    conv = nn.Conv2d(before, after, kernel, 1, reach, dilation, bias=False)
    return [conv, nn.BatchNorm2d(after), nn.ReLU()]


class Squeeze(nn.Module):
    """Channels weighed by what the whole picture says of them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        wanted = channels // 4
        inner = max(8, (wanted + 4) // 8 * 8)
        if inner < 0.9 * wanted:
            inner += 8
        self.fc1 = nn.Conv2d(channels, inner, 1)
        self.fc2 = nn.Conv2d(inner, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) to the same."""
        inner = torch.relu(self.fc1(x.mean((2, 3), keepdim=True)))
        return x * nn.functional.hardsigmoid(self.fc2(inner))


class Inverted(nn.Module):
    """An inverted residual: widen, filter each channel, squeeze-excite, narrow."""

    def __init__(
        self, before: int, kernel: int, wide: int, after: int, squeeze: bool, hard: bool,
        stride: int, dilation: int,
    ) -> None:  # fmt: skip
        super().__init__()
        act: type[nn.Module] = nn.Hardswish if hard else nn.ReLU
        parts: list[nn.Module] = []
        if wide != before:
            parts.append(_unit(before, wide, 1, act=act))
        parts.append(_unit(wide, wide, kernel, stride, dilation, wide, act))
        if squeeze:
            parts.append(Squeeze(wide))
        parts.append(_unit(wide, after, 1))
        self.block = nn.Sequential(*parts)
        self.residual = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        """(B, before, h, w) to (B, after, h / stride, w / stride)."""
        out: Tensor = self.block(x)
        return x + out if self.residual else out


class Backbone(nn.Sequential):
    """MobileNetV3-Large at 1/16: features of the low block and of the last layer."""

    def __init__(self) -> None:
        layers: list[nn.Module] = [_unit(3, 16, 3, 2, act=nn.Hardswish)]
        before = 16
        for kernel, wide, after, squeeze, hard, stride, dilation in _BLOCKS:
            layers.append(Inverted(before, kernel, wide, after, squeeze, hard, stride, dilation))
            before = after
        layers.append(_unit(before, HIGH_WIDTH, 1, act=nn.Hardswish))
        super().__init__(*layers)

    def both(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Low (B, 40, h / 8, w / 8) and high (B, 960, h / 16, w / 16) of images (B, 3, h, w)."""
        low = x
        for k, layer in enumerate(self):
            x = layer(x)
            if k == LOW:
                low = x
        return low, x


class Pooled(nn.Sequential):
    """The picture's mean, spread over the picture again."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) to (B, C', h, w)."""
        mean = x
        for layer in self:
            mean = layer(mean)
        return mean.expand(-1, -1, *x.shape[2:])


class Pyramid(nn.Module):
    """Atrous spatial pyramid pooling: views of five reaches, joined."""

    def __init__(self, before: int, after: int = 256) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Sequential(*_plain(before, after, 1))])
        for rate in (12, 24, 36):
            self.convs.append(nn.Sequential(*_plain(before, after, 3, rate)))
        self.convs.append(Pooled(nn.AdaptiveAvgPool2d(1), *_plain(before, after, 1)))
        self.project = nn.Sequential(*_plain(5 * after, after, 1), nn.Dropout(0.5))

    def forward(self, x: Tensor) -> Tensor:
        """(B, before, h, w) to (B, after, h, w)."""
        return cast(Tensor, self.project(torch.cat([conv(x) for conv in self.convs], 1)))


class DeepLab(nn.Module):
    """``deeplabv3``: class logits (B, classes, h / 16, w / 16) of images (B, 3, h, w).

    ``auxiliary``: the second classifier that training used is there (and not asked).
    """

    def __init__(self, classes: int, auxiliary: bool = True) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.classifier = nn.Sequential(
            Pyramid(HIGH_WIDTH), *_plain(256, 256, 3), nn.Conv2d(256, classes, 1)
        )
        if auxiliary:
            inner = LOW_WIDTH // 4
            self.aux_classifier = nn.Sequential(
                *_plain(LOW_WIDTH, inner, 3), nn.Dropout(0.1), nn.Conv2d(inner, classes, 1)
            )

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        return cast(Tensor, self.classifier(self.backbone.both(images)[1]))


class LiteHead(nn.Module):
    """LR-ASPP: high features gated by the picture's mean, joined with low ones."""

    def __init__(self, classes: int, inner: int = 128) -> None:
        super().__init__()
        self.cbr = nn.Sequential(*_plain(HIGH_WIDTH, inner, 1))
        self.scale = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(HIGH_WIDTH, inner, 1, bias=False), nn.Sigmoid()
        )
        self.low_classifier = nn.Conv2d(LOW_WIDTH, classes, 1)
        self.high_classifier = nn.Conv2d(inner, classes, 1)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """Logits (B, classes, h, w) at the size of ``low``."""
        gated = self.cbr(high) * self.scale(high)
        large = interpolate(gated, low.shape[2:], mode="bilinear", align_corners=False)
        return cast(Tensor, self.low_classifier(low) + self.high_classifier(large))


class LiteAspp(nn.Module):
    """``lraspp``: class logits (B, classes, h / 8, w / 8) of images (B, 3, h, w)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.classifier = LiteHead(classes)

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        return cast(Tensor, self.classifier(*self.backbone.both(images)))


NAMES = ("deeplabv3-mobilenet-v3", "lraspp-mobilenet-v3")


def load_segmentation(name: str, path: Path) -> tuple[nn.Module, int]:
    """A network with the weights of ``path`` in torchvision's layout, and its number of classes.

    Raises ModelError for an unknown name, an unreadable file, or any name or shape that differs.
    """
    if name not in NAMES:
        raise ModelError(f"segmentation network {name!r} is unknown (known: {', '.join(NAMES)})")
    state = read_weights(path)
    last = "classifier.4.weight" if name == NAMES[0] else "classifier.low_classifier.weight"
    if last not in state:
        raise ModelError(f"{path}: no layer {last}; give torchvision's state dict of {name}")
    classes = len(state[last])
    network: nn.Module
    if name == NAMES[0]:
        network = DeepLab(classes, any(key.startswith("aux_classifier.") for key in state))
    else:
        network = LiteAspp(classes)
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    held = {key: tuple(value.shape) for key, value in state.items()}
    wrong = sorted(key for key in wanted | held if wanted.get(key) != held.get(key))
    if wrong:
        key = wrong[0]
        raise ModelError(
            f"{path}: does not fit {name} at {key} (expected {wanted.get(key, 'nothing')}, "
            f"found {held.get(key, 'nothing')}; {len(wrong)} differ in all)"
        )
    network.load_state_dict(state)
    return network.eval(), classes


def normalised(frames: Tensor) -> Tensor:
    """uint8 BGR images (B, h, w, 3) as the networks want them: (B, 3, h, w), RGB, floats."""
    rgb = frames.flip(-1).permute(0, 3, 1, 2).float() / 255
    mean, spread = (rgb.new_tensor(v).view(1, 3, 1, 1) for v in (_MEAN, _SPREAD))
    return (rgb - mean) / spread
