"""YOLO exports with boxes decoded in the graph: v5 to v8, 11, and their pose models."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders.candidates import ClassedLayout, dense, keypoint_set, refuse
from hie_cli.models.images import Letterbox


@dataclass(frozen=True)
class Yolo(ClassedLayout):
    """One matrix (A, F), or (F, A): the longer side counts the candidates. Outputs of other ranks
    (masks, raw heads) are not looked at.

    F = centre x, y, width, height in pixels (``normalised``: of the input's size), then with
    ``objectness`` (v5, v7) the chance of an object, then the classes' probabilities; or with
    ``keypoints`` one score and K x (x, y, score).
    """

    required: ClassVar[tuple[str, ...]] = ("objectness",)
    objectness: bool = False
    normalised: bool = False
    keypoints: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.keypoints:
            keypoint_set(self.keypoints)

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        flat = [each for each in outputs if each.ndim == 2]
        rows = flat[0] if len(flat) == 1 else np.zeros((0, 0), np.float32)
        if rows.shape[0] < rows.shape[1]:
            rows = rows.T
        joints = keypoint_set(self.keypoints) if self.keypoints else None
        first = 5 if self.objectness else 4
        wanted = first + (1 + 3 * len(joints.joints) if joints else self.person + 1)
        fits = rows.shape[1] == wanted if joints else rows.shape[1] >= wanted
        if len(flat) != 1 or not fits:
            raise refuse(
                "yolo", outputs, f"one (candidates, {wanted}{'' if joints else ' or more'})"
            )
        rows = rows.astype(np.float32)
        size = np.array((box.padded_width, box.padded_height), np.float32)
        unit = size if self.normalised else np.ones(2, np.float32)
        centre, half = rows[:, :2] * unit, rows[:, 2:4] * unit / 2
        scores = rows[:, first + (0 if joints else self.person)]
        if self.objectness:
            scores = scores * rows[:, 4]
        boxes = np.concatenate((centre - half, centre + half), 1)
        poses = None
        if joints is not None:
            points = rows[:, first + 1 :].reshape(len(rows), -1, 3)
            poses = points[..., :2] * unit, points[..., 2]
        return dense(boxes, scores, box, self.floor, poses, joints)
