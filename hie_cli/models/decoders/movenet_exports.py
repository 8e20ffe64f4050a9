"""MoveNet's own exports, decoded in the graph."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hie_cli.core.skeletons import COCO17, to_hieve
from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders.candidates import PeopleLayout, first_of, refuse, sparse
from hie_cli.models.decoders.multipose import MultiPosePeople
from hie_cli.models.images import Letterbox
from hie_cli.models.parts import Poses


@dataclass(frozen=True)
class MoveNetSingle:
    """The single-person exports: (N, 1, 17, 3) of y, x relative to the input, score."""

    task: ClassVar = "pose"
    required: ClassVar[tuple[str, ...]] = ()

    def __call__(
        self, outputs: list[FloatArray], boxes: FloatArray, size_wh: tuple[int, int]
    ) -> Poses:
        """See ``parts.PoseDecoder``."""
        if len(outputs) != 1 or outputs[0].shape[1:] != (1, 17, 3):
            raise refuse("movenet-single", first_of(outputs), "(1, 17, 3)")
        rows = outputs[0][:, 0]
        keypoints = rows[..., 1::-1] * np.array(size_wh, np.float32)
        return to_hieve(COCO17, keypoints, np.clip(rows[..., 2], 0, 1))


@dataclass(frozen=True)
class MoveNetMulti(PeopleLayout):
    """MultiPose's export: (N, 56), 17 x (y, x, score), then y1, x1, y2, x2, score."""

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        if len(outputs) != 1 or outputs[0].ndim != 2 or outputs[0].shape[1] != 56:
            raise refuse("movenet-multi", outputs, "(people, 56)")
        rows = outputs[0]
        size = np.array((box.padded_width, box.padded_height), np.float32)
        poses = rows[:, :51].reshape(-1, 17, 3)
        boxes = rows[:, [52, 51, 54, 53]] * np.tile(size, 2)
        found = poses[..., 1::-1] * size, poses[..., 2]
        return sparse(boxes, rows[:, 55], box, self.floor, found, COCO17)


@dataclass(frozen=True)
class MoveNetMaps(PeopleLayout):
    """MultiPose's six maps (C, h, w), as `hie export` writes them, decoded here: no cut at six."""

    floor: float = 0.1

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        if [array.shape[0] for array in outputs if array.ndim == 3] != [1, 2, 2, 17, 34, 34]:
            raise refuse("movenet-maps", outputs, "maps of 1, 2, 2, 17, 34 and 34 channels")
        return MultiPosePeople(self.floor)(outputs, box)
