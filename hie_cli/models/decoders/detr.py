"""DETR's kind (DETR, RF-DETR, raw RT-DETR): a box and a row of class logits for each query."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders.candidates import check_floor, check_person, dense, refuse
from hie_cli.models.images import Letterbox


@dataclass(frozen=True)
class Detr:
    """Boxes (Q, 4), centre x, y, width, height over the input's size, and logits (Q, C).

    ``softmax``: the classes' logits exclude each other and the last is nobody (DETR); otherwise
    each is a sigmoid's. Two queries on one person are one.
    """

    task: ClassVar = "detect"
    required: ClassVar[tuple[str, ...]] = ()
    softmax: bool = False
    person: int = 0
    floor: float = 0.05

    def __post_init__(self) -> None:
        check_floor(self.floor)
        check_person(self.person)

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        boxes = [each for each in outputs if each.ndim == 2 and each.shape[1] == 4]
        logits = [each for each in outputs if each.ndim == 2 and each.shape[1] != 4]
        fits = boxes and logits and len(boxes[0]) == len(logits[0])
        if not fits or logits[0].shape[1] <= self.person:
            raise refuse("detr", outputs, f"boxes (Q, 4) and logits (Q, {self.person + 1} or more)")
        raw = logits[0].astype(np.float64)
        if self.softmax:
            power = np.exp(raw - raw.max(1, keepdims=True))
            scores = power[:, self.person] / power.sum(1)
        else:
            scores = 1 / (1 + np.exp(-np.clip(raw[:, self.person], -50, 50)))
        size = np.array((box.padded_width, box.padded_height), np.float32)
        centre, half = boxes[0][:, :2] * size, boxes[0][:, 2:] * size / 2
        corners = np.concatenate((centre - half, centre + half), 1).astype(np.float32)
        return dense(corners, scores.astype(np.float32), box, self.floor)
