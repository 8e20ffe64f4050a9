"""The decoders of published layouts by the name that a manifest gives them."""

from typing import Any, ClassVar, Protocol

from hie_cli.models.decoders.embedding import Embedding
from hie_cli.models.decoders.movenet_exports import MoveNetMulti, MoveNetSingle
from hie_cli.models.decoders.nanodet import NanoDet
from hie_cli.models.decoders.rtmo import Rtmo
from hie_cli.models.decoders.simcc import SimCC
from hie_cli.models.decoders.yolox import Yolox


class Layout(Protocol):
    """A decoder that a manifest may name: a dataclass whose fields are the manifest's keys.

    ``required``: those fields that a manifest has to give. Values that make no sense raise
    ValueError on construction.
    """

    task: ClassVar[Any]  # a ``spec.Task``
    required: ClassVar[tuple[str, ...]]

    def __call__(self, *given: Any) -> Any:
        """As ``parts.PeopleDecoder`` or ``parts.PoseDecoder``."""


LAYOUTS: dict[str, type[Layout]] = {
    "yolox": Yolox,
    "nanodet": NanoDet,
    "rtmo": Rtmo,
    "movenet-multi": MoveNetMulti,
    "simcc": SimCC,
    "movenet-single": MoveNetSingle,
    "embedding": Embedding,
}
