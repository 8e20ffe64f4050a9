"""The decoders of published layouts by the name that a manifest gives them."""

from typing import Any, ClassVar, Protocol

from hie_cli.models.decoders.boxes_scores import BoxesScores
from hie_cli.models.decoders.detection_rows import DetectionRows
from hie_cli.models.decoders.detr import Detr
from hie_cli.models.decoders.dets_labels import DetsLabels
from hie_cli.models.decoders.embedding import Embedding
from hie_cli.models.decoders.heatmaps import Heatmaps
from hie_cli.models.decoders.joints import Joints
from hie_cli.models.decoders.movenet_exports import MoveNetMaps, MoveNetMulti, MoveNetSingle
from hie_cli.models.decoders.nanodet import NanoDet
from hie_cli.models.decoders.rtmdet import RtmDet
from hie_cli.models.decoders.rtmo import Rtmo
from hie_cli.models.decoders.simcc import SimCC
from hie_cli.models.decoders.yolo import Yolo
from hie_cli.models.decoders.yolox import Yolox


class Layout(Protocol):
    """A decoder that a manifest may name: a dataclass whose fields are the manifest's keys.

    ``required``: those fields that a manifest has to give. Values that make no sense raise
    ValueError on construction.
    """

    task: ClassVar[Any]  # a ``spec.Task``
    required: ClassVar[tuple[str, ...]]

    def __call__(self, *given: Any) -> Any:
        """As one of ``parts``' decoders."""


LAYOUTS: dict[str, type[Layout]] = {
    "yolox": Yolox,
    "yolo": Yolo,
    "detection-rows": DetectionRows,
    "dets-labels": DetsLabels,
    "boxes-scores": BoxesScores,
    "detr": Detr,
    "nanodet": NanoDet,
    "rtmdet": RtmDet,
    "rtmo": Rtmo,
    "movenet-multi": MoveNetMulti,
    "movenet-maps": MoveNetMaps,
    "simcc": SimCC,
    "heatmaps": Heatmaps,
    "joints": Joints,
    "movenet-single": MoveNetSingle,
    "embedding": Embedding,
}


def name_of(layout: Layout) -> str:
    """The name under which a manifest gives this decoder."""
    return next(name for name, kind in LAYOUTS.items() if type(layout) is kind)
