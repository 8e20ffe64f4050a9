"""Graphs that suppress copies themselves: a row a person, in published orders of columns."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders.candidates import check_floor, check_person, refuse, sparse
from hie_cli.models.images import Letterbox

_COLUMNS = ("x1", "y1", "x2", "y2", "score", "class", "batch")


@dataclass(frozen=True)
class DetectionRows:
    """One output (N, len(columns)); further outputs, such as a count of rows, are not looked at.

    ``columns``: in YOLOv10 and later x1 y1 x2 y2 score class; in YOLOv7's batch x1 y1 x2 y2 class
    score; in PP-YOLOE and PicoDet class score x1 y1 x2 y2. ``normalised``: corners over the input's
    size.
    """

    task: ClassVar = "detect"
    required: ClassVar[tuple[str, ...]] = ("columns",)
    columns: tuple[str, ...] = ("x1", "y1", "x2", "y2", "score", "class")
    normalised: bool = False
    person: int = 0
    floor: float = 0.05

    def __post_init__(self) -> None:
        check_floor(self.floor)
        check_person(self.person)
        if not set(_COLUMNS[:5]) <= set(self.columns) <= set(_COLUMNS):
            raise ValueError(f"columns: {self.columns}, expected an order of {_COLUMNS}")

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        width = len(self.columns)
        rows = [each for each in outputs if each.ndim == 2 and each.shape[1] == width]
        if not rows:
            raise refuse("detection-rows", outputs, f"(people, {width})")
        column = {name: rows[0][:, index] for index, name in enumerate(self.columns)}
        boxes = np.stack([column[name] for name in _COLUMNS[:4]], 1).astype(np.float32)
        if self.normalised:
            boxes = boxes * np.array((box.padded_width, box.padded_height) * 2, np.float32)
        scores = column["score"].astype(np.float32)
        if "class" in column:
            scores = np.where(np.round(column["class"]) == self.person, scores, np.float32(0))
        return sparse(boxes, scores, box, self.floor)
