"""People whom a network gives box by box, with or without their joints: our two-stage ones."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.skeletons import COCO17, to_hieve
from hie_cli.core.types import FloatArray, People
from hie_cli.models.images import Letterbox

_FARTHEST = 15.0  # logit beyond which a probability is as good as 0 or 1


@dataclass(frozen=True)
class PeopleRows:
    """Boxes (K, 4) xyxy, scores (K,), perhaps joints (K, 17, 3): x, y, logit; see
    ``parts.PeopleDecoder``.

    A score of 0 means nobody. People in the padding are cut at the picture's edge.
    """

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        boxes, scores = outputs[:2]
        there = scores > 0
        edge = np.array((box.width, box.height) * 2, np.float32)
        found = box.boxes(np.minimum(boxes[there], edge))
        if len(outputs) == 2:
            return People(found, scores[there])
        joints = outputs[2][there]
        chance = 1 / (1 + np.exp(-np.clip(joints[..., 2], -_FARTHEST, _FARTHEST)))
        points, chances = to_hieve(COCO17, joints[..., :2], chance.astype(np.float32))
        return People(
            found, scores[there], keypoints=points * box.per_pixel, keypoint_scores=chances
        )
