"""ResNet-50 and its feature pyramid (T.-Y. Lin et al., arXiv 1612.03144)."""

from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, relu

from hie_cli.models.networks.residual import FrozenNorm, bottlenecks

WIDTH = 256  # channels of every level
STRIDES = (4, 8, 16, 32, 64)


class Body(nn.Module):
    """Planes (N, 3, H, W) -> maps at strides 4, 8, 16, 32 of 256, 512, 1024, 2048 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), FrozenNorm(64)
        self.layer1 = bottlenecks(64, 64, 3, norm=FrozenNorm)
        self.layer2 = bottlenecks(256, 128, 4, 2, FrozenNorm)
        self.layer3 = bottlenecks(512, 256, 6, 2, FrozenNorm)
        self.layer4 = bottlenecks(1024, 512, 3, 2, FrozenNorm)

    def forward(self, planes: Tensor) -> list[Tensor]:
        """See the class."""
        x = max_pool2d(relu(self.bn1(self.conv1(planes))), 3, 2, 1)
        maps = []
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            maps.append(x)
        return maps


class Pyramid(nn.Module):
    """The body's four maps -> five of 256 channels, the last at stride 64."""

    def __init__(self) -> None:
        super().__init__()
        widths = (256, 512, 1024, 2048)
        self.inner_blocks = nn.ModuleList(nn.Sequential(nn.Conv2d(c, WIDTH, 1)) for c in widths)
        self.layer_blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(WIDTH, WIDTH, 3, padding=1)) for _ in widths
        )

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """See the class."""
        inner = [block(x) for block, x in zip(self.inner_blocks, maps, strict=True)]
        for k in (2, 1, 0):
            inner[k] = inner[k] + interpolate(inner[k + 1], size=inner[k].shape[-2:])
        levels = [block(x) for block, x in zip(self.layer_blocks, inner, strict=True)]
        return [*levels, max_pool2d(levels[-1], 1, 2)]


class Backbone(nn.Module):
    """Body and pyramid."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Body()
        self.fpn = Pyramid()

    def forward(self, planes: Tensor) -> list[Tensor]:
        """Planes (N, 3, H, W) -> five maps (N, 256, h, w), strides 4 to 64."""
        levels: list[Tensor] = self.fpn(self.body(planes))
        return levels
