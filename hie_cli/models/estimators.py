"""Top-down pose: one square crop per person, batched over people and images."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.boxes import iou
from hie_cli.models import multipose_decode, singlepose_decode
from hie_cli.models.base import Network, Poses
from hie_cli.models.images import cut, squares
from hie_cli.skeletons import COCO17, FLIP, NUM_JOINTS, to_hieve
from hie_cli.types import FloatArray, Image


@dataclass(frozen=True)
class _Crops(ABC):
    """What the estimators share. ``context``: crop side over the longer side of the box."""

    name: str
    sha256: str
    network: Network
    size: int
    context: float
    batch: int = 16

    def estimate(
        self, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]], *, flip: bool = False
    ) -> list[Poses]:
        """See ``base.PoseEstimator.estimate``."""
        counts = [len(each) for each in boxes]
        owner = np.repeat(np.arange(len(counts)), counts)
        every = np.concatenate([np.asarray(b, np.float32).reshape(-1, 4) for b in (*boxes, [])])
        square = squares(every, self.context)
        keypoints = np.full((len(every), NUM_JOINTS, 2), np.nan, np.float32)
        scores = np.zeros((len(every), NUM_JOINTS), np.float32)
        crops = np.empty((min(self.batch, len(every)), self.size, self.size, 3), np.uint8)
        for start in range(0, len(every), self.batch):
            part = slice(start, min(start + self.batch, len(every)))
            used = crops[: part.stop - start]
            for slot, person in enumerate(range(part.start, part.stop)):
                used[slot] = cut(images[owner[person]], square[person], self.size)
            per_pixel = square[part, 2, None, None].astype(np.float32) / self.size
            corner = square[part, None, :2].astype(np.float32)
            inside = (every[part].reshape(-1, 2, 2) - corner) / per_pixel
            found = self._poses(used, inside.reshape(-1, 4))
            if flip:
                found = _average(found, self._mirrored(used, inside.reshape(-1, 4)))
            keypoints[part] = found[0] * per_pixel + corner
            scores[part] = found[1]
        ends = np.cumsum(counts)[:-1].astype(int)
        return list(zip(np.split(keypoints, ends), np.split(scores, ends), strict=True))[
            : len(counts)
        ]

    def _mirrored(self, crops: Image, boxes: FloatArray) -> Poses:
        mirrored = boxes[:, [2, 1, 0, 3]] * (-1, 1, -1, 1) + (self.size, 0, self.size, 0)
        flipped = np.ascontiguousarray(crops[:, :, ::-1])
        keypoints, scores = self._poses(flipped, mirrored.astype(np.float32))
        keypoints[..., 0] = self.size - keypoints[..., 0]
        return keypoints[:, FLIP], scores[:, FLIP]

    @abstractmethod
    def _poses(self, crops: Image, boxes: FloatArray) -> Poses:
        """Poses in crop pixels; ``boxes`` (N, 4) are where the people lie in ``crops``."""


def _average(one: Poses, other: Poses) -> Poses:
    """The mean of two poses; a joint that only one of them has is taken from it."""
    both = np.stack((one[0], other[0]))
    there = np.isfinite(both)
    count = there.sum(0)
    total = np.where(there, both, 0).sum(0)
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return mean.astype(np.float32), (one[1] + other[1]) / 2


class SinglePoseEstimator(_Crops):
    """MoveNet Thunder or Lightning: the person in the middle of the crop."""

    def _poses(self, crops: Image, boxes: FloatArray) -> Poses:
        return to_hieve(COCO17, *singlepose_decode.decode(self.network(crops)))


class MultiPoseCropEstimator(_Crops):
    """MultiPose on crops: of the people seen in a crop, the one whose box fits best.

    A crop in which nobody's box overlaps the given one gets a pose without joints.
    """

    def _poses(self, crops: Image, boxes: FloatArray) -> Poses:
        keypoints = np.full((len(crops), NUM_JOINTS, 2), np.nan, np.float32)
        scores = np.zeros((len(crops), NUM_JOINTS), np.float32)
        outputs = self.network(crops)
        for index, box in enumerate(boxes):
            seen = multipose_decode.decode([maps[index] for maps in outputs], floor=0.02, limit=30)
            if not len(seen.boxes):
                continue
            fit = iou(seen.boxes, box[None])[:, 0]
            best = int(np.argmax(fit * np.sqrt(seen.scores)))
            if fit[best] > 0.1:
                keypoints[index], scores[index] = to_hieve(
                    COCO17, seen.keypoints[best], seen.keypoint_scores[best]
                )
        return keypoints, scores
