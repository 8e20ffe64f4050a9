"""HRNet for poses: parallel branches at strides 4 to 32 (K. Sun et al., arXiv 1902.09212).

Parameter names are those of the authors' ``pose_hrnet_w32`` and ``_w48`` files
(deep-high-resolution-net.pytorch).
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import relu

from hie_cli.models.networks.blocks import Pixels
from hie_cli.models.networks.residual import BasicBlock, Norm, bottlenecks, conv3
from hie_cli.models.networks.simple_baseline import JOINTS, MEAN, STD

_BLOCKS = 4  # in a branch of a module
_MODULES = (1, 4, 3)  # of stages 2, 3, 4


def _step(c_in: int, c_out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(conv3(c_in, c_out, stride), Norm(c_out), nn.ReLU(inplace=True))


def _raise(c_in: int, c_out: int, times: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 1, bias=False), Norm(c_out), nn.Upsample(scale_factor=times)
    )


def _lower(c_in: int, c_out: int, halvings: int) -> nn.Sequential:
    steps: list[nn.Module] = [_step(c_in, c_in, 2) for _ in range(halvings - 1)]
    return nn.Sequential(*steps, nn.Sequential(conv3(c_in, c_out, 2), Norm(c_out)))


class Exchange(nn.Module):
    """Branches of four blocks each, then every branch is the sum of all at its resolution.

    outputs: how many branches are wanted, from the finest on.
    """

    def __init__(self, widths: Sequence[int], outputs: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(*(BasicBlock(c) for _ in range(_BLOCKS))) for c in widths
        )
        self.fuse_layers = nn.ModuleList()
        for i in range(outputs):
            # Nothing to do between a branch and itself: a place without parameters.
            self.fuse_layers.append(
                nn.ModuleList(
                    nn.Identity()
                    if i == j
                    else _raise(widths[j], widths[i], 2 ** (j - i))
                    if j > i
                    else _lower(widths[j], widths[i], i - j)
                    for j in range(len(widths))
                )
            )

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Maps from fine to coarse -> the same, the first ``outputs`` of them."""
        inner = [branch(x) for branch, x in zip(self.branches, maps, strict=True)]
        found = []
        for row in self.fuse_layers:
            assert isinstance(row, nn.ModuleList)
            total = row[0](inner[0])
            for layer, x in zip(list(row)[1:], inner[1:], strict=True):
                total = total + layer(x)
            found.append(relu(total))
        return found


class HRNet(nn.Module):
    """(N, H, W, 3) uint8 BGR -> heatmaps (N, 17, H / 4, W / 4). width: of the finest branch."""

    OUTPUTS = ("heatmaps",)

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = [width * 2**k for k in range(4)]
        self.pixels = Pixels(MEAN, STD, rgb=True)
        self.conv1, self.bn1 = conv3(3, 64, 2), Norm(64)
        self.conv2, self.bn2 = conv3(64, 64, 2), Norm(64)
        self.layer1 = bottlenecks(64, 64, 4)
        self.transition1 = nn.ModuleList(
            (_step(256, widths[0], 1), nn.Sequential(_step(256, widths[1], 2)))
        )
        self.stage2 = self._stage(widths[:2], _MODULES[0], 2)
        self.transition2 = self._transition(widths[:3])
        self.stage3 = self._stage(widths[:3], _MODULES[1], 3)
        self.transition3 = self._transition(widths)
        self.stage4 = self._stage(widths, _MODULES[2], 1)
        self.final_layer = nn.Conv2d(width, JOINTS, 1)

    @staticmethod
    def _stage(widths: Sequence[int], modules: int, last: int) -> nn.Sequential:
        outputs = [len(widths)] * (modules - 1) + [last]
        return nn.Sequential(*(Exchange(widths, count) for count in outputs))

    @staticmethod
    def _transition(widths: Sequence[int]) -> nn.ModuleList:
        """One more branch, from the coarsest."""
        same: list[nn.Module] = [nn.Identity() for _ in widths[:-1]]
        return nn.ModuleList([*same, nn.Sequential(_step(widths[-2], widths[-1], 2))])

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """See the class."""
        x = relu(self.bn1(self.conv1(self.pixels(images))))
        x = self.layer1(relu(self.bn2(self.conv2(x))))
        maps: list[Tensor] = self.stage2([layer(x) for layer in self.transition1])
        maps = self.stage3(_wider(self.transition2, maps))
        maps = self.stage4(_wider(self.transition3, maps))
        return (self.final_layer(maps[0]),)


def _wider(transition: nn.ModuleList, maps: list[Tensor]) -> list[Tensor]:
    """The branches, and a further one from the coarsest of them."""
    sources = [*maps, maps[-1]]
    return [layer(x) for layer, x in zip(transition, sources, strict=True)]
