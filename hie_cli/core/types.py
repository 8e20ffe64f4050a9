"""The data that flows: frozen dataclasses of parallel numpy arrays, checked on construction.

Coordinates are pixels, x right, y down, origin at the corner of the top-left pixel; boxes are
``xyxy`` with width = x2 - x1; frames count from 0. ``None`` means that a stage has not run; zero
people is normal.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.action_classes import NUM_ACTIONS
from hie_cli.core.skeletons import NUM_JOINTS

Image = NDArray[Any]  # (H, W, 3) uint8 BGR; OpenCV's stubs say no more
# Cast on construction to the types that the classes state; any float or integer array may be given.
FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]
BoolArray = NDArray[np.bool_]
Index = NDArray[Any] | slice | Sequence[int]


@dataclass(frozen=True)
class VideoInfo:
    """One video: name without ending, size and fps; ``num_frames`` None for a stream."""

    name: str
    width: int
    height: int
    fps: float
    num_frames: int | None


@dataclass(frozen=True)
class Frame:
    """One decoded frame: index from 0 and image (H, W, 3) uint8 BGR."""

    index: int
    image: Image


def _check(owner: object, shapes: dict[str, tuple[tuple[int, ...], type[np.generic]]]) -> None:
    """Cast every given array to its dtype and check its shape; None stays None."""
    for name, (shape, dtype) in shapes.items():
        value = getattr(owner, name)
        if value is None:
            continue
        array = np.asarray(value, dtype)
        if array.shape != shape:
            raise ValueError(
                f"{type(owner).__name__}.{name}: shape {array.shape}, expected {shape}"
            )
        object.__setattr__(owner, name, array)


@dataclass(frozen=True)
class People:
    """The people of one frame, as far as the stages have got.

    boxes (N, 4) float32 xyxy pixels · scores (N,) float32 in 0..1 · track_ids (N,) int64 ·
    keypoints (N, 14, 2) float32 pixels, NaN if missing · keypoint_scores (N, 14) float32 in 0..1 ·
    action_scores (N, 14) float32 in 0..1, NaN rows where this person has none.
    Raises ValueError where a length disagrees.
    """

    real: ClassVar[type[np.floating[Any]]] = np.float32

    boxes: FloatArray
    scores: FloatArray
    track_ids: IntArray | None = None
    keypoints: FloatArray | None = None
    keypoint_scores: FloatArray | None = None
    action_scores: FloatArray | None = None

    def __post_init__(self) -> None:
        n = len(self.boxes)
        _check(
            self,
            {
                "boxes": ((n, 4), self.real),
                "scores": ((n,), self.real),
                "track_ids": ((n,), np.int64),
                "keypoints": ((n, NUM_JOINTS, 2), self.real),
                "keypoint_scores": ((n, NUM_JOINTS), self.real),
                "action_scores": ((n, NUM_ACTIONS), self.real),
            },
        )
        if (self.keypoints is None) != (self.keypoint_scores is None):
            raise ValueError("People: keypoints and keypoint_scores go together")

    @classmethod
    def empty(cls, like: "People | None" = None) -> "People":
        """Nobody; with the same optional fields present as ``like``."""
        nobody = cls(np.zeros((0, 4), cls.real), np.zeros(0, cls.real))
        return nobody if like is None else like[np.zeros(0, np.int64)]

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, index: Index) -> Self:
        """The people chosen by a boolean mask (N,), an index array or a slice."""
        key = np.asarray(index) if isinstance(index, Sequence) else index
        if isinstance(key, np.ndarray) and key.size == 0 and key.dtype != np.bool_:
            key = key.astype(np.int64)
        chosen: dict[str, Any] = {
            f.name: None if (value := getattr(self, f.name)) is None else value[key]
            for f in dataclasses.fields(self)
        }
        return type(self)(**chosen)

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed (checked again)."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class ExactPeople(People):
    """People as a file states them: coordinates and scores keep its digits, in float64."""

    real: ClassVar[type[np.floating[Any]]] = np.float64


def concatenate(parts: Sequence[People]) -> People:
    """All people of ``parts`` in order; a field is kept only if every non-empty part has it."""
    filled = [part for part in parts if len(part)] or list(parts[:1])
    if not filled:
        return People.empty()
    joined: dict[str, Any] = {}
    for f in dataclasses.fields(People):
        values = [getattr(part, f.name) for part in filled]
        joined[f.name] = None if any(v is None for v in values) else np.concatenate(values)
    exact = all(isinstance(part, ExactPeople) for part in filled)
    return (ExactPeople if exact else People)(**joined)


@dataclass(frozen=True)
class FramePeople:
    """The people of one frame, with its pixels where they are still needed.

    index: the frame's number, from 0 · image (H, W, 3) uint8 BGR, None where pixels are not carried
    along · video: what the frame is of, set in what ``hie_cli.run`` and its kin give.
    """

    index: int
    people: People
    image: Image | None = None
    video: VideoInfo | None = None


FrameStream = Iterator[FramePeople]  # what flows from stage to stage, frames ascending


VISIBLE, INVISIBLE, NOT_ANNOTATED = 1, 0, -1


@dataclass(frozen=True)
class Annotations:
    """Ground truth of one frame; coordinates keep the digits of the file, in float64.

    boxes (N, 4) float64 xyxy pixels · track_ids (N,) int64, -1 = none · ignore (N,) bool, True =
    does not count in the evaluation · keypoints (N, 14, 2) float64 pixels, NaN if not annotated ·
    visibility (N, 14) int8: 1 visible, 0 annotated but invisible, -1 not annotated · actions (N,)
    int64 0-based, -1 = none · ignore_regions: polygons (K, 2) float64 pixels · annotated: whether
    this frame was labelled at all (an unlabelled frame is never scored) · head_boxes (N, 4) float64
    where the data set has them, for PCKh · distractor (N,) bool: an ignored box that takes the
    detection matching it with it (MOT16/17/20 classes such as reflections) · areas (N,) float64 px²
    where the data set states them (COCO's segment areas) · crowd_index of the image where stated
    (CrowdPose) · image: the frame's file name where stated.
    """

    boxes: FloatArray
    track_ids: IntArray
    ignore: BoolArray
    keypoints: FloatArray | None = None
    visibility: NDArray[np.int8] | None = None
    actions: IntArray | None = None
    ignore_regions: tuple[FloatArray, ...] = field(default=())
    annotated: bool = True
    head_boxes: FloatArray | None = None
    distractor: BoolArray | None = None
    areas: FloatArray | None = None
    crowd_index: float | None = None
    image: str = ""

    def __post_init__(self) -> None:
        n = len(self.boxes)
        _check(
            self,
            {
                "boxes": ((n, 4), np.float64),
                "track_ids": ((n,), np.int64),
                "ignore": ((n,), np.bool_),
                "keypoints": ((n, NUM_JOINTS, 2), np.float64),
                "visibility": ((n, NUM_JOINTS), np.int8),
                "actions": ((n,), np.int64),
                "head_boxes": ((n, 4), np.float64),
                "distractor": ((n,), np.bool_),
                "areas": ((n,), np.float64),
            },
        )

    @classmethod
    def empty(cls, annotated: bool = True) -> "Annotations":
        """A frame without people; ``annotated=False``: one that nobody labelled."""
        nobody = np.zeros((0, 4), np.float64)
        return cls(nobody, np.zeros(0, np.int64), np.zeros(0, bool), annotated=annotated)

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True)
class TruthSequence:
    """Ground truth of one video: ``frames[t]`` for every frame 0..T-1; size and fps if known.

    ``dropped`` counts what the file says and these types do not hold, for example COCO's eyes.
    ``open_end``: the file states no length, so that the video may go on after ``frames``, with
    nobody in it.
    """

    name: str
    frames: tuple[Annotations, ...]
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    dropped: tuple[tuple[str, int], ...] = ()
    open_end: bool = False
