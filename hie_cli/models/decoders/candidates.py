"""What the decoders of published layouts share: keys and their checks, refusals, candidates."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hie_cli.core.errors import ModelError
from hie_cli.core.geometry import nms
from hie_cli.core.skeletons import KEYPOINT_SETS, KeypointSet, to_hieve
from hie_cli.core.types import FloatArray, People
from hie_cli.models.images import Letterbox

Keypoints = tuple[FloatArray, FloatArray]  # foreign keypoints (N, K, 2) x, y and scores (N, K)

# Most people per image: well above any crowd, so that no one is cut off.
LIMIT = 300
# Overlap above which two candidates of a dense head are one person (the published decoders of
# NanoDet and YOLOX use 0.6 and 0.65); a stage may suppress further.
SAME_PERSON = 0.65


@dataclass(frozen=True)
class PeopleLayout:
    """The key of every detector: ``floor``, the lowest score kept."""

    task: ClassVar = "detect"
    required: ClassVar[tuple[str, ...]] = ()
    floor: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.floor <= 1:
            raise ValueError(f"floor: {self.floor}, expected 0..1")


@dataclass(frozen=True)
class ClassedLayout(PeopleLayout):
    """And of one that knows several classes: ``person``, theirs."""

    person: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.person <= 10_000:
            raise ValueError(f"person: {self.person}, expected a class index from 0")


@dataclass(frozen=True)
class GridLayout(ClassedLayout):
    """The keys of a dense head: the ``strides`` of its grids of cells, in pixels."""

    strides: tuple[int, ...] = (8, 16, 32)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.strides or not all(1 <= stride <= 256 for stride in self.strides):
            raise ValueError(
                f"strides: {self.strides}, expected a list of pixels such as [8, 16, 32]"
            )


@dataclass(frozen=True)
class PoseLayout:
    """The key of every pose network: its ``keypoints``."""

    task: ClassVar = "pose"
    required: ClassVar[tuple[str, ...]] = ("keypoints",)
    keypoints: str = "coco17"

    def __post_init__(self) -> None:
        keypoint_set(self.keypoints)


def refuse(decoder: str, seen: list[FloatArray], expected: str) -> ModelError:
    """The error for outputs that do not fit: what was seen, what was expected."""
    shapes = ", ".join(str(tuple(array.shape)) for array in seen) or "nothing"
    return ModelError(f"decoder {decoder}: per image the graph gives {shapes}; expected {expected}")


def first_of(outputs: list[FloatArray]) -> list[FloatArray]:
    """The first image's part of a batch's outputs, for ``refuse``."""
    return [array[0] for array in outputs if len(array)]


def keypoint_set(name: str) -> KeypointSet:
    """The keypoint set called ``name``; ValueError names all."""
    if name not in KEYPOINT_SETS:
        raise ValueError(f"keypoints: {name[:60]!r}, expected one of {', '.join(KEYPOINT_SETS)}")
    return KEYPOINT_SETS[name]


def sparse(
    boxes: FloatArray,
    scores: FloatArray,
    box: Letterbox,
    floor: float,
    poses: Keypoints | None = None,
    joints: KeypointSet | None = None,
) -> People:
    """Candidates of a head that has suppressed copies itself, in image pixels.

    The finite ones scoring at least ``floor``, the best ``LIMIT`` of them. ``boxes`` (K, 4) xyxy
    and ``poses`` in input pixels.
    """
    order = np.argsort(-scores, kind="stable")
    order = order[(scores[order] >= max(floor, 1e-6)) & np.isfinite(boxes[order]).all(1)]
    order = order[:LIMIT]
    people = People(box.boxes(boxes[order]), np.clip(scores[order], 0, 1))
    if poses is None or joints is None:
        return people
    keypoints, values = to_hieve(joints, poses[0][order], np.clip(poses[1][order], 0, 1))
    return people.replace(keypoints=keypoints * box.per_pixel, keypoint_scores=values)


def dense(
    boxes: FloatArray,
    scores: FloatArray,
    box: Letterbox,
    floor: float,
    poses: Keypoints | None = None,
    joints: KeypointSet | None = None,
) -> People:
    """Candidates of a dense head, in image pixels: above ``floor``, without near-identical ones."""
    good = np.flatnonzero(scores >= floor)
    kept = good[nms(boxes[good], scores[good], SAME_PERSON)]
    if poses is not None:
        poses = poses[0][kept], poses[1][kept]
    return sparse(boxes[kept], scores[kept], box, floor, poses, joints)
