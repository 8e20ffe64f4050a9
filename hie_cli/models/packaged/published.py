"""Published pose networks whose weights users bring: their authors' files, by name and shape."""

from typing import TYPE_CHECKING

from hie_cli.models.decoders.heatmaps import Heatmaps
from hie_cli.models.network_files import UntrainedNetwork
from hie_cli.models.spec import InputSpec, ModelSpec

if TYPE_CHECKING:
    from torch import nn


def _simple_baseline() -> "nn.Module":
    from hie_cli.models.networks.simple_baseline import SimpleBaseline

    return SimpleBaseline()


def _hrnet_w32() -> "nn.Module":
    from hie_cli.models.networks.hrnet import HRNet

    return HRNet(32)


def _hrnet_w48() -> "nn.Module":
    from hie_cli.models.networks.hrnet import HRNet

    return HRNet(48)


NETWORKS = (
    UntrainedNetwork("simplebaseline-r50", "", _simple_baseline),
    UntrainedNetwork("hrnet-w32", "", _hrnet_w32),
    UntrainedNetwork("hrnet-w48", "", _hrnet_w48),
)
_SOURCES = {
    "simplebaseline-r50": "github.com/microsoft/human-pose-estimation.pytorch",
    "hrnet-w32": "github.com/leoxiaobin/deep-high-resolution-net.pytorch",
    "hrnet-w48": "github.com/leoxiaobin/deep-high-resolution-net.pytorch",
}
SPECS: tuple[ModelSpec, ...] = tuple(
    ModelSpec(
        name=network.name,
        task="pose",
        network=network,
        architecture=network.name,
        input=InputSpec((192, 256), resize="crop", padding=0),
        decoder=Heatmaps(keypoints="coco17"),
        licence="MIT",
        source=_SOURCES[network.name],
        summary="one person per crop, the authors' weights",
    )
    for network in NETWORKS
)
