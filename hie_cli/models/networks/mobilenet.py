"""MobileNetV2 without its classifier: one vector of an image (Sandler et al., 2018).

The layout of torchvision's ``mobilenet_v2``, padded evenly on both sides, where MoveNet's trunk is
padded as TensorFlow pads. Batch normalisation is folded into the convolutions.
"""

from torch import Tensor, nn
from torch.nn import functional

from hie_cli.models.networks.blocks import Pixels
from hie_cli.models.networks.movenet import inverted_residuals

# ImageNet's statistics, as values 0..255, red first.
MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)


def even_conv(c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A convolution with half its kernel as padding on every side."""
    return nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups)


class MobileNetV2(nn.Module):
    """Images (N, H, W, 3) uint8 BGR -> features (N, 1280), the mean over the places."""

    OUTPUTS = ("features",)

    def __init__(self) -> None:
        super().__init__()
        self.pixels = Pixels(MEAN, STD, rgb=True)
        self.stem = even_conv(3, 32, 3, 2)
        blocks = inverted_residuals(conv=even_conv)
        self.blocks = nn.ModuleList(blocks)
        self.top = even_conv(blocks[-1].project.out_channels, 1280, 1)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """(N, H, W, 3) uint8 BGR -> (N, 1280)."""
        x = functional.relu6(self.stem(self.pixels(images)))
        for block in self.blocks:
            x = block(x)
        return (functional.relu6(self.top(x)).mean((2, 3)),)
