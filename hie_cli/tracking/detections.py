"""The detections of one frame as the tracker uses them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import coverage
from hie_cli.core.types import FloatArray, VideoInfo
from hie_cli.tracking.kalman import Floats, to_centres
from hie_cli.tracking.settings import Observation

EDGE = 0.1  # heights: a box this near the edge of the picture touches it
CUT_OFF = 0.5  # share of a person taken to be hidden there
MOSTLY_SEEN = 0.3  # less hidden than this, a box shows its own person


@dataclass(frozen=True)
class Detections:
    """M detections: boxes (M, 4) xyxy px, scores (M,) as shares of the top score, poses (M, 14, 2)
    and appearance (M, D), each or None, speed (M, 2) px/s by flow, the camera's motion taken out,
    NaN where unknown, or None, overlap (M, M) see ``coverage``, occlusion (M,) the share of each
    box under nearer people.
    """

    boxes: Floats
    scores: Floats
    poses: Floats | None
    appearance: Floats | None
    speed: Floats | None
    overlap: Floats
    occlusion: Floats

    @classmethod
    def of(cls, observation: Observation, scores: Floats, video: VideoInfo, seconds: float) -> Self:
        """An observation, ``seconds`` after the one before, with its scores (M,) as shares."""
        people = observation.people
        boxes = people.boxes.astype(np.float64)
        share = coverage(boxes)
        nearer = boxes[:, 3] > boxes[:, 3:]
        occlusion = (share * nearer).max(axis=1, initial=0.0)
        occlusion = np.maximum(occlusion, CUT_OFF * touches_edge(boxes, video))
        speed = None
        if observation.flow is not None and seconds > 0:
            speed = _speed(boxes, observation) / seconds
            speed[occlusion > MOSTLY_SEEN] = np.nan  # pixels of a covered box are somebody else's
        return cls(
            boxes,
            scores,
            wide(people.keypoints),
            wide(observation.appearance),
            speed,
            share,
            occlusion,
        )


def wide(array: FloatArray | None) -> Floats | None:
    """The array as float64, if there is one."""
    return None if array is None else np.asarray(array, np.float64)


def touches_edge(boxes: Floats, video: VideoInfo) -> NDArray[np.bool_]:
    """Whether boxes (N, 4) come within ``EDGE`` of their height to the edge of the picture."""
    left, top, right, bottom = boxes.T
    margin = EDGE * (bottom - top)
    outside = (left < margin) | (top < margin)
    outside |= (right > video.width - margin) | (bottom > video.height - margin)
    return np.asarray(outside)


def _speed(boxes: Floats, observation: Observation) -> Floats:
    """How far people in boxes (M, 4) moved (M, 2) px by flow, the camera's motion taken out."""
    centre = to_centres(boxes)[:, :2]
    origin = centre - np.asarray(observation.flow, np.float64)
    if observation.camera is not None:
        x, y, w = np.asarray(observation.camera) @ np.vstack([origin.T, np.ones(len(origin))])
        origin = np.stack([x / w, y / w], axis=1)
    moved: Floats = centre - origin
    return moved
