"""A box and a row of class scores for each query or cell: DETR's kind, YOLO-NAS, DAMO-YOLO."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders.candidates import ClassedLayout, dense, refuse
from hie_cli.models.images import Letterbox


@dataclass(frozen=True)
class Detr(ClassedLayout):
    """Boxes (Q, 4) and class scores (Q, C), or (C, Q); two queries on one person are one.

    DETR, RF-DETR, raw RT-DETR: centre x, y, width, height over the input's size, and logits.
    ``softmax``: these exclude each other and the last is nobody (DETR); otherwise each is a
    sigmoid's; ``probabilities``: they are no logits. ``corners``: boxes are x1, y1, x2, y2;
    ``pixels``: in input pixels (YOLO-NAS, DAMO-YOLO, PP-YOLOE without suppression: all three).
    """

    required: ClassVar[tuple[str, ...]] = ()
    softmax: bool = False
    probabilities: bool = False
    corners: bool = False
    pixels: bool = False

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        boxes = [each for each in outputs if each.ndim == 2 and each.shape[1] == 4]
        classes = [each for each in outputs if each.ndim == 2 and each.shape[1] != 4]
        if boxes and classes and classes[0].shape[0] != len(boxes[0]) == classes[0].shape[1]:
            classes = [classes[0].T]
        fits = boxes and classes and len(boxes[0]) == len(classes[0])
        if not fits or classes[0].shape[1] <= self.person:
            raise refuse("detr", outputs, f"boxes (Q, 4) and scores (Q, {self.person + 1} or more)")
        scores = self._scores(classes[0].astype(np.float64)).astype(np.float32)
        unit = 1.0 if self.pixels else np.array((box.padded_width, box.padded_height) * 2)
        corners = boxes[0] * np.float32(unit)
        if not self.corners:
            centre, half = corners[:, :2], corners[:, 2:] / 2
            corners = np.concatenate((centre - half, centre + half), 1)
        return dense(corners.astype(np.float32), scores, box, self.floor)

    def _scores(self, raw: FloatArray) -> FloatArray:
        """The person's score (Q,) of raw class scores (Q, C)."""
        own = raw[:, self.person]
        if self.probabilities:
            return own
        if self.softmax:
            power = np.exp(raw - raw.max(1, keepdims=True))
            return np.asarray(power[:, self.person] / power.sum(1))
        return np.asarray(1 / (1 + np.exp(-np.clip(own, -50, 50))))
