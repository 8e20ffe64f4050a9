"""Graphs that suppress copies themselves: a row a person, in published orders of columns."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders.candidates import ClassedLayout, keypoint_set, refuse, sparse
from hie_cli.models.images import Letterbox

_COLUMNS = ("x1", "y1", "x2", "y2", "score", "class", "batch")


@dataclass(frozen=True)
class DetectionRows(ClassedLayout):
    """One output (N, len(columns)); further outputs, such as a count of rows, are not looked at.

    ``columns``: in YOLOv10 and later x1 y1 x2 y2 score class; in YOLOv7's batch x1 y1 x2 y2 class
    score; in PP-YOLOE and PicoDet class score x1 y1 x2 y2. ``normalised``: corners over the input's
    size. ``keypoints``: so many times x, y, score follow (end-to-end pose models).
    """

    required: ClassVar[tuple[str, ...]] = ("columns",)
    columns: tuple[str, ...] = ("x1", "y1", "x2", "y2", "score", "class")
    normalised: bool = False
    keypoints: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not set(_COLUMNS[:5]) <= set(self.columns) <= set(_COLUMNS):
            raise ValueError(f"columns: {self.columns}, expected an order of {_COLUMNS}")
        if self.keypoints:
            keypoint_set(self.keypoints)

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        joints = keypoint_set(self.keypoints) if self.keypoints else None
        width = len(self.columns) + (3 * len(joints.joints) if joints else 0)
        rows = [each for each in outputs if each.ndim == 2 and each.shape[1] == width]
        if not rows:
            raise refuse("detection-rows", outputs, f"(people, {width})")
        column = {name: rows[0][:, index] for index, name in enumerate(self.columns)}
        unit = np.array((box.padded_width, box.padded_height), np.float32)
        unit = unit if self.normalised else np.ones_like(unit)
        boxes = np.stack([column[name] for name in _COLUMNS[:4]], 1) * np.tile(unit, 2)
        scores = column["score"].astype(np.float32)
        if "class" in column:
            scores = np.where(np.round(column["class"]) == self.person, scores, np.float32(0))
        poses = None
        if joints is not None:
            points = rows[0][:, len(self.columns) :].reshape(len(boxes), -1, 3)
            poses = points[..., :2] * unit, points[..., 2]
        return sparse(boxes.astype(np.float32), scores, box, self.floor, poses, joints)
