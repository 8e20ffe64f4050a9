"""Top-down pose: one crop per person, batched over people and images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.geometry import iou
from hie_cli.core.skeletons import COCO17, FLIP, NUM_JOINTS, to_hieve
from hie_cli.core.types import FloatArray, Image
from hie_cli.models import multipose_decode, singlepose_decode
from hie_cli.models.base import Network, Poses
from hie_cli.models.images import cut, windows

# A batch's outputs, and where in its crop each person's box lies (N, 4) -> poses in crop pixels.
Decoder = Callable[[list[FloatArray], FloatArray], Poses]


@dataclass(frozen=True)
class CropEstimator:
    """A top-down estimator put together from its parts; see ``base.PoseEstimator``.

    ``context``: window over box, along the side that fills the crop; ``batch``: most crops at once.
    """

    name: str
    sha256: str
    network: Network
    size_wh: tuple[int, int]
    context: float
    decode: Decoder
    batch: int = 16

    def estimate(
        self, images: Sequence[Image], boxes: Sequence[NDArray[np.floating]], *, flip: bool = False
    ) -> list[Poses]:
        """See ``base.PoseEstimator.estimate``."""
        counts = [len(each) for each in boxes]
        owner = np.repeat(np.arange(len(counts)), counts)
        nobody = np.zeros((0, 4), np.float32)
        every = np.concatenate([nobody, *(np.reshape(b, (-1, 4)) for b in boxes)]).astype(
            np.float32
        )
        window = windows(every, self.context, self.size_wh[0] / self.size_wh[1])
        keypoints = np.full((len(every), NUM_JOINTS, 2), np.nan, np.float32)
        scores = np.zeros((len(every), NUM_JOINTS), np.float32)
        for start in range(0, len(every), self.batch):
            part = slice(start, start + self.batch)
            crops = np.stack(
                [
                    cut(images[i], w, self.size_wh)
                    for i, w in zip(owner[part], window[part], strict=True)
                ]
            )
            corner = window[part, None, :2].astype(np.float32)
            per_pixel = window[part, None, 2:] / np.array(self.size_wh, np.float32)
            corners = (every[part].reshape(-1, 2, 2) - corner) / per_pixel
            inside: FloatArray = np.asarray(corners.reshape(-1, 4), np.float32)
            found = self.decode(self.network(crops), inside)
            if flip:
                found = _mean(found, self._mirrored(crops, inside))
            keypoints[part] = found[0] * per_pixel + corner
            scores[part] = found[1]
        ends = np.cumsum(counts).astype(int)
        return [
            (keypoints[end - n : end], scores[end - n : end])
            for n, end in zip(counts, ends, strict=True)
        ]

    def _mirrored(self, crops: Image, boxes: FloatArray) -> Poses:
        """Poses of the mirrored crops, put back: x mirrored, left and right joints swapped."""
        width = np.float32(self.size_wh[0])
        mirrored = boxes[:, [2, 1, 0, 3]]
        mirrored[:, [0, 2]] = width - mirrored[:, [0, 2]]
        outputs = self.network(np.ascontiguousarray(crops[:, :, ::-1]))
        keypoints, scores = self.decode(outputs, mirrored)
        keypoints[..., 0] = width - keypoints[..., 0]
        return keypoints[:, FLIP], scores[:, FLIP]


def _mean(one: Poses, other: Poses) -> Poses:
    """The mean of two poses; a joint that only one of them has is taken from it."""
    both = np.stack((one[0], other[0]))
    there = np.isfinite(both)
    count = there.sum(0)
    total = np.where(there, both, 0).sum(0)
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return mean, (one[1] + other[1]) / 2


def single_pose(outputs: list[FloatArray], boxes: FloatArray) -> Poses:
    """Thunder and Lightning: the person in the middle of the crop."""
    return to_hieve(COCO17, *singlepose_decode.decode(outputs))


def multipose_on_crops(outputs: list[FloatArray], boxes: FloatArray) -> Poses:
    """MultiPose on crops: of the people seen in a crop, the one whose box fits best.

    Where nobody's box overlaps the given one, the pose has no joints.
    """
    keypoints = np.full((len(boxes), NUM_JOINTS, 2), np.nan, np.float32)
    scores = np.zeros((len(boxes), NUM_JOINTS), np.float32)
    for index, box in enumerate(boxes):
        seen = multipose_decode.decode([maps[index] for maps in outputs], floor=0.02, limit=30)
        fit = iou(seen.boxes, box[None])[:, 0] * np.sqrt(seen.scores)
        if fit.size and fit.max() > 0:
            best = int(fit.argmax())
            keypoints[index], scores[index] = to_hieve(
                COCO17, seen.keypoints[best], seen.keypoint_scores[best]
            )
    return keypoints, scores
