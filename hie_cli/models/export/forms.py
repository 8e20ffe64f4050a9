"""How each of our networks looks as an ONNX file: what is inside, its outputs, its manifest."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from hie_cli.core.errors import ConfigError
from hie_cli.models.export.modules import ExportedDetector, ExportedMaps, ExportedPose
from hie_cli.models.networks.hrnet import HRNet
from hie_cli.models.networks.movenet import MultiPose, SinglePose
from hie_cli.models.networks.nanodet import NanoDet
from hie_cli.models.networks.rcnn.detector import RCNN
from hie_cli.models.networks.simcc import SPLIT, SimCCPose
from hie_cli.models.networks.simple_baseline import SimpleBaseline
from hie_cli.models.spec import ModelSpec

_MAPS = (
    "center (N, 1, h, w): peaks' probabilities; box_scale (N, 2), box_offset (N, 2): height and "
    "width, middle minus cell, y, x; heatmap (N, 17); regress (N, 34): joint minus cell; offset "
    "(N, 34): within a cell; all in cells of 4 pixels, COCO's joints"
)


@dataclass(frozen=True)
class Form:
    """module: (N, 3, H, W) planes in, ``outputs`` out · manifest: the decoder and its keys · told:
    the outputs in words.
    """

    module: nn.Module
    outputs: tuple[str, ...]
    manifest: dict[str, Any]
    told: str

    @property
    def layout(self) -> str:
        """The decoder's name."""
        return str(self.manifest["decoder"])


def form_of(module: nn.Module, spec: ModelSpec, name: str) -> Form:
    """The form of a network; ConfigError for one that has none."""
    side = spec.input.size_wh[0]
    if isinstance(module, NanoDet):
        return Form(
            ExportedDetector(module), (ExportedDetector.OUTPUT,),
            {"decoder": "nanodet", "classes": 1},
            "predictions (N, A, 45): person score, then 4 x 11 bins of distances to left, top, "
            "right, bottom in cells; cells of strides 8, 16, 32, centres at half cells",
        )  # fmt: skip
    if isinstance(module, SinglePose):
        return Form(
            ExportedPose(module, side), (ExportedPose.OUTPUT,), {"decoder": "movenet-single"},
            "keypoints (N, 1, 17, 3): y, x in 0..1 of the input, score; COCO's joints",
        )  # fmt: skip
    if isinstance(module, MultiPose):
        return Form(ExportedMaps(module), module.OUTPUTS, {"decoder": "movenet-maps"}, _MAPS)
    if isinstance(module, SimCCPose):
        return Form(
            ExportedMaps(module), module.OUTPUTS,
            {"decoder": "simcc", "keypoints": "coco17", "split_ratio": SPLIT},
            "simcc_x, simcc_y (N, 17, 2 side): two bins a pixel, COCO's joints",
        )  # fmt: skip
    if isinstance(module, HRNet | SimpleBaseline):
        return Form(
            ExportedMaps(module), module.OUTPUTS, {"decoder": "heatmaps", "keypoints": "coco17"},
            "heatmaps (N, 17, H / 4, W / 4), COCO's joints",
        )  # fmt: skip
    if isinstance(module, RCNN):
        raise ConfigError(
            f"{name}: a {spec.architecture} is not exported: how many regions its second stage "
            "looks at, and which suppress which, hangs on the picture; the exporter writes fixed "
            "steps"
        )
    raise ConfigError(f"{name}: a {spec.architecture} is not exported")
