"""SimpleBaseline: ResNet-50 and three deconvolutions (B. Xiao et al., arXiv 1804.06208).

Parameter names are those of the authors' ``pose_resnet_50`` files (human-pose-estimation.pytorch).
"""

from torch import Tensor, nn
from torch.nn.functional import relu

from hie_cli.models.networks.blocks import Pixels
from hie_cli.models.networks.residual import Norm, bottlenecks

JOINTS = 17
MEAN, STD = (0.485 * 255, 0.456 * 255, 0.406 * 255), (0.229 * 255, 0.224 * 255, 0.225 * 255)


class SimpleBaseline(nn.Module):
    """(N, H, W, 3) uint8 BGR -> heatmaps (N, 17, H / 4, W / 4).

    Trained on pictures in the order that OpenCV reads, blue first, with ImageNet's statistics of
    red first; so they go in here.
    """

    OUTPUTS = ("heatmaps",)

    def __init__(self) -> None:
        super().__init__()
        self.pixels = Pixels(MEAN, STD)
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), Norm(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = bottlenecks(64, 64, 3)
        self.layer2 = bottlenecks(256, 128, 4, 2)
        self.layer3 = bottlenecks(512, 256, 6, 2)
        self.layer4 = bottlenecks(1024, 512, 3, 2)
        layers: list[nn.Module] = []
        for c_in in (2048, 256, 256):
            layers += [nn.ConvTranspose2d(c_in, 256, 4, 2, 1, bias=False), Norm(256)]
            layers += [nn.ReLU(inplace=True)]
        self.deconv_layers = nn.Sequential(*layers)
        self.final_layer = nn.Conv2d(256, JOINTS, 1)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """See the class."""
        x = self.maxpool(relu(self.bn1(self.conv1(self.pixels(images)))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return (self.final_layer(self.deconv_layers(x)),)
