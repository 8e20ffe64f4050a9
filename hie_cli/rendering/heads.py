"""Where people's heads are, from their joints or, without these, from their boxes."""

import numpy as np
from numpy.typing import NDArray

from hie_cli.core import geometry
from hie_cli.core.skeletons import CHEST, NOSE
from hie_cli.core.types import People

# A standing adult is about 7.5 heads tall; the nose lies some .9 of a head above the chest joint,
# which is between the shoulders (measures of the human body as figure drawing teaches them).
_HEADS_TALL = 7.5
_NOSE_TO_CHEST = 0.9


def head_boxes(people: People, min_joint_score: float = 0.2) -> NDArray[np.float64]:
    """Boxes (N, 4) around the heads in pixels: squares of about a head's height.

    By nose and chest where both joints score ``min_joint_score``, else by the nose and the height
    of the box, else the middle of the upper end of the box, as of somebody who stands.
    """
    boxes = people.boxes.astype(np.float64)
    heights = boxes[:, 3] - boxes[:, 1]
    widths = boxes[:, 2] - boxes[:, 0]
    # Nobody's head is larger than their box; of people who sit or bend, the box is low.
    side = np.minimum(np.maximum(heights / _HEADS_TALL, 0.3 * widths), np.minimum(widths, heights))
    centre = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 1] + side / 2], axis=1)
    if people.keypoints is not None and people.keypoint_scores is not None:
        points = people.keypoints[:, [NOSE, CHEST]].astype(np.float64)
        seen = geometry.known(points) & (
            people.keypoint_scores[:, [NOSE, CHEST]] >= min_joint_score
        )
        nose, both = seen[:, 0], seen.all(axis=1)
        centre[nose] = points[nose, 0]
        apart = np.linalg.norm(points[both, 0] - points[both, 1], axis=1)
        # Seen from above, nose and chest come close together and the head stays as large.
        side[both] = np.maximum(apart / _NOSE_TO_CHEST, side[both] * 0.75)
    half = side[:, None] / 2
    return np.concatenate([centre - half, centre + half], axis=1)
