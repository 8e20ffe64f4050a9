"""MultiPose's maps as people of an image, or as the pose of the person of a crop."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.geometry import iou
from hie_cli.core.skeletons import COCO17, NUM_JOINTS, to_hieve
from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders import centernet
from hie_cli.models.decoders.candidates import LIMIT
from hie_cli.models.images import Letterbox
from hie_cli.models.parts import Poses


@dataclass(frozen=True)
class MultiPosePeople:
    """Boxes and poses of centre probability at least ``floor``; see ``parts.PeopleDecoder``."""

    floor: float = 0.1

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        found = centernet.decode(outputs, self.floor, LIMIT)
        keypoints, keypoint_scores = to_hieve(COCO17, found.keypoints, found.keypoint_scores)
        return People(
            box.boxes(found.boxes),
            found.scores,
            keypoints=keypoints * box.per_pixel,
            keypoint_scores=keypoint_scores,
        )


@dataclass(frozen=True)
class MultiPoseOnCrops:
    """Of the people seen in a crop, the one whose box fits best; see ``parts.PoseDecoder``.

    Where nobody's box overlaps the given one, the pose has no joints.
    """

    floor: float = 0.02
    limit: int = 30

    def __call__(
        self, outputs: list[FloatArray], boxes: FloatArray, size_wh: tuple[int, int]
    ) -> Poses:
        """See ``parts.PoseDecoder``."""
        keypoints = np.full((len(boxes), NUM_JOINTS, 2), np.nan, np.float32)
        scores = np.zeros((len(boxes), NUM_JOINTS), np.float32)
        for index, box in enumerate(boxes):
            seen = centernet.decode([maps[index] for maps in outputs], self.floor, self.limit)
            fit = iou(seen.boxes, box[None])[:, 0] * np.sqrt(seen.scores)
            if fit.size and fit.max() > 0:
                best = int(fit.argmax())
                keypoints[index], scores[index] = to_hieve(
                    COCO17, seen.keypoints[best], seen.keypoint_scores[best]
                )
        return keypoints, scores
