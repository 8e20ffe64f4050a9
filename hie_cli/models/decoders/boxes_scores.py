"""Boxes, scores and classes as outputs of their own.

TorchVision and SSD (boxes, labels, scores), TensorRT's suppression (num_dets, boxes, scores,
classes), RT-DETR and D-FINE (labels, boxes, scores).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders.candidates import ClassedLayout, refuse, sparse
from hie_cli.models.images import Letterbox


@dataclass(frozen=True)
class BoxesScores(ClassedLayout):
    """Boxes (N, 4) xyxy, scores (N,) and classes (N,): the outputs of these numbers, from 0.

    ``normalised``: corners over the input's size · ``yx``: y before x, as TensorFlow has it.
    """

    required: ClassVar[tuple[str, ...]] = ("boxes_at", "scores_at", "classes_at")
    boxes_at: int = 0
    scores_at: int = 1
    classes_at: int = 2
    normalised: bool = False
    yx: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(0 <= at < 16 for at in (self.boxes_at, self.scores_at, self.classes_at)):
            raise ValueError("boxes_at, scores_at, classes_at: expected the outputs' numbers")

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        places = (self.boxes_at, self.scores_at, self.classes_at)
        if max(places) >= len(outputs):
            raise refuse("boxes-scores", outputs, f"{max(places) + 1} outputs")
        boxes, scores, classes = (outputs[place] for place in places)
        fits = boxes.ndim == 2 and boxes.shape[1] == 4 and scores.ndim == classes.ndim == 1
        if not fits or not len(boxes) == len(scores) == len(classes):
            raise refuse("boxes-scores", outputs, "boxes (N, 4), scores (N) and classes (N)")
        boxes = boxes[:, [1, 0, 3, 2]] if self.yx else boxes
        if self.normalised:
            boxes = boxes * np.array((box.padded_width, box.padded_height) * 2, np.float32)
        chosen = np.where(np.round(classes) == self.person, scores, np.float32(0))
        return sparse(boxes.astype(np.float32), chosen.astype(np.float32), box, self.floor)
