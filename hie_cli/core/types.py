"""The data that flows: frozen dataclasses of parallel numpy arrays, checked on construction.

Coordinates are pixels, x right, y down, origin at the corner of the top-left pixel; boxes are
``xyxy`` with width = x2 - x1; frames count from 0. ``None`` means that a stage has not run; zero
people is normal. ``annotations`` has what is true of frames.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.errors import ConfigError
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


def check_arrays(
    owner: object, shapes: dict[str, tuple[tuple[int, ...], type[np.generic]]]
) -> None:
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


def _array(name: str, value: ArrayLike) -> NDArray[Any]:
    """``value`` as an array of numbers. Raises ValueError naming it."""
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected an array of numbers") from None


def _numbers(array: FloatArray) -> list[float]:
    """Values with the fewest digits that stand for them: 588.35 where float32 keeps 588.349976."""
    return [float(str(value)) for value in array]


def _shaped(name: str, array: NDArray[Any], shapes: list[tuple[int, ...]], words: str) -> None:
    """Raises ValueError unless ``array`` has one of ``shapes``, which ``words`` describe."""
    if array.shape not in shapes:
        wanted = " or ".join(str(shape) for shape in shapes)
        raise ValueError(f"{name}: shape {array.shape}, expected {wanted}: {words}")


@dataclass(frozen=True, eq=False)
class Person:
    """One of ``People``: their row of every array, None where that stage has not run.

    box (4,) xyxy pixels · score 0..1 · track_id · keypoints (14, 2) pixels, NaN if missing ·
    keypoint_scores (14,) · action_scores (14,), NaN where this person has none.
    """

    box: FloatArray
    score: float
    track_id: int | None = None
    keypoints: FloatArray | None = None
    keypoint_scores: FloatArray | None = None
    action_scores: FloatArray | None = None

    @property
    def action(self) -> str | None:
        """The name of the likeliest action; None where there are no scores."""
        if self.action_scores is None or not np.isfinite(self.action_scores).all():
            return None
        return ACTIONS[int(self.action_scores.argmax())]

    def to_record(self) -> dict[str, Any]:
        """This person as plain values that JSON can hold.

        box: four pixels · score · and where known track_id, keypoints (14 of [x, y, score], None if
        missing), actions (score by name, None if this person has none) and action.
        """
        record: dict[str, Any] = {"box": _numbers(self.box), "score": self.score}
        if self.track_id is not None:
            record["track_id"] = self.track_id
        if self.keypoints is not None and self.keypoint_scores is not None:
            x, y = _numbers(self.keypoints[:, 0]), _numbers(self.keypoints[:, 1])
            rows = zip(x, y, _numbers(self.keypoint_scores), strict=True)
            record["keypoints"] = [
                list(row) if math.isfinite(row[0]) and math.isfinite(row[1]) else None
                for row in rows
            ]
        if self.action_scores is not None:
            scores = zip(ACTIONS, _numbers(self.action_scores), strict=True)
            record["actions"] = None if self.action is None else dict(scores)
            record["action"] = self.action
        return record


@dataclass(frozen=True, repr=False)
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
        check_arrays(
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

    @classmethod
    def from_arrays(
        cls,
        boxes: ArrayLike,
        scores: ArrayLike | None = None,
        track_ids: ArrayLike | None = None,
        keypoints: ArrayLike | None = None,
        keypoint_scores: ArrayLike | None = None,
        action_scores: ArrayLike | None = None,
    ) -> "People":
        """People from arrays of another program, or lists of them.

        boxes (N, 4) x1, y1, x2, y2 in pixels · scores (N,) in 0..1, all 1 if not given · track_ids
        (N,) · keypoints (N, 14, 2) in the order of ``skeletons.JOINTS``, or (N, 14, 3) with their
        scores · the others as in ``People``. Raises ValueError naming the array, its shape and the
        one expected, or a box that is not x1 <= x2, y1 <= y2.
        """
        corners = _array("boxes", boxes)
        corners = corners.reshape(0, 4) if corners.size == 0 else corners
        n = len(corners) if corners.ndim else 0
        _shaped("boxes", corners, [(n, 4)], "x1, y1, x2, y2 of N people, in pixels")
        if not np.isfinite(corners).all() or (corners[:, 2:] < corners[:, :2]).any():
            raise ValueError("boxes: expected finite x1 <= x2 and y1 <= y2; convert xywh first")
        given: dict[str, Any] = {
            "scores": np.ones(n) if scores is None else _array("scores", scores)
        }
        _shaped("scores", given["scores"], [(n,)], f"one of each of the {n} boxes")
        if track_ids is not None:
            given["track_ids"] = _array("track_ids", track_ids)
            _shaped("track_ids", given["track_ids"], [(n,)], f"one of each of the {n} boxes")
        if keypoints is not None:
            joints, several = _array("keypoints", keypoints), (n, NUM_JOINTS)
            joints = joints.reshape(*several, 2) if joints.size == n == 0 else joints
            words = f"{NUM_JOINTS} joints of each of the {n} boxes: x, y (and score)"
            _shaped("keypoints", joints, [(*several, 2), (*several, 3)], words)
            given["keypoints"] = joints[..., :2]
            found = np.isfinite(given["keypoints"]).all(-1).astype(float)
            given["keypoint_scores"] = joints[..., 2] if joints.shape[2] == 3 else found
        if keypoint_scores is not None:
            if keypoints is None:
                raise ValueError("keypoint_scores: given without keypoints")
            given["keypoint_scores"] = _array("keypoint_scores", keypoint_scores)
            words = f"{NUM_JOINTS} joints of each of the {n} boxes"
            _shaped("keypoint_scores", given["keypoint_scores"], [(n, NUM_JOINTS)], words)
        if action_scores is not None:
            given["action_scores"] = _array("action_scores", action_scores)
            words = f"{NUM_ACTIONS} actions of each of the {n} boxes"
            _shaped("action_scores", given["action_scores"], [(n, NUM_ACTIONS)], words)
        return cls(boxes=corners, **given)

    def __repr__(self) -> str:
        held = [f.name for f in dataclasses.fields(self) if getattr(self, f.name) is not None]
        return f"<{type(self).__name__}: {len(self)}, with {', '.join(held)}>"

    def __len__(self) -> int:
        return len(self.boxes)

    def __iter__(self) -> Iterator[Person]:
        """Every person by themselves."""
        for i in range(len(self)):
            yield Person(
                self.boxes[i],
                float(str(self.scores[i])),
                None if self.track_ids is None else int(self.track_ids[i]),
                None if self.keypoints is None else self.keypoints[i],
                None if self.keypoint_scores is None else self.keypoint_scores[i],
                None if self.action_scores is None else self.action_scores[i],
            )

    def to_records(self) -> list[dict[str, Any]]:
        """Every person as plain values that JSON can hold (``Person.to_record``)."""
        return [person.to_record() for person in self]

    def to_supervision(self) -> Any:
        """These people as ``supervision.Detections``.

        Boxes, scores and track ids go where supervision has them; keypoints, keypoint_scores and
        action_scores are in ``data``. Raises ConfigError if supervision is not installed.
        """
        try:
            from supervision import Detections
        except ImportError:
            raise ConfigError("supervision is not installed; pip install supervision") from None
        extra = {
            name: value
            for name in ("keypoints", "keypoint_scores", "action_scores")
            if (value := getattr(self, name)) is not None
        }
        return Detections(
            xyxy=self.boxes,
            confidence=self.scores,
            class_id=np.zeros(len(self), np.int64),
            tracker_id=self.track_ids,
            data=extra,
        )

    def __getitem__(self, index: Index) -> Self:
        """The people chosen by a boolean mask (N,), an index array or a slice."""
        return self.chosen(index)

    def chosen(self, index: Index, **changes: Any) -> Self:
        """``self[index]``, with some fields of those people changed."""
        key = np.asarray(index) if isinstance(index, Sequence) else index
        if isinstance(key, np.ndarray) and key.size == 0 and key.dtype != np.bool_:
            key = key.astype(np.int64)
        kept: dict[str, Any] = {
            name: None if value is None else value[key]
            for name, value in vars(self).items()
            if name not in changes
        }
        return type(self)(**kept, **changes)

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed (checked again)."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True, repr=False)
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


@dataclass(frozen=True, repr=False)
class FramePeople:
    """The people of one frame, with its pixels where they are still needed.

    index: the frame's number, from 0 · image (H, W, 3) uint8 BGR, None where pixels are not carried
    along · video: what the frame is of, set in what ``hie_cli.run`` and its kin give · camera
    (3, 3) float64: similarity [[a, -b, x], [b, a, y], [0, 0, 1]] from the pixels of the frame
    before to this one's, set by the track stage; None: it stood still, or nobody measured
    (``camera/path.py`` chains them).
    """

    index: int
    people: People
    image: Image | None = None
    video: VideoInfo | None = None
    camera: FloatArray | None = None

    def __repr__(self) -> str:
        of = "" if self.video is None else f" of {self.video.name}"
        return f"<FramePeople: frame {self.index}{of}, {self.people!r}>"


FrameStream = Iterator[FramePeople]  # what flows from stage to stage, frames ascending
