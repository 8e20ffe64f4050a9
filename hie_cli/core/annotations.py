"""Ground truth: what is annotated of a frame, and of a video.

Coordinates and frame numbers are those of ``types``.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.skeletons import NUM_JOINTS
from hie_cli.core.types import BoolArray, FloatArray, IntArray, check_arrays

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
        check_arrays(
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
    nobody in it. ``scored``: it has scores other than 0 and 1, as results have.
    """

    name: str
    frames: tuple[Annotations, ...]
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    dropped: tuple[tuple[str, int], ...] = ()
    open_end: bool = False
    scored: bool = False
