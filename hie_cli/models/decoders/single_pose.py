"""From Thunder's and Lightning's maps to one pose per crop (the original graph's decoder)."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.skeletons import COCO17, to_hieve
from hie_cli.core.types import FloatArray
from hie_cli.models.decoders.centernet import NUM_KEYPOINTS, STRIDE
from hie_cli.models.parts import Poses

_SOFTENING = 1.8  # the original's constant: weight = 1 / (distance in cells + 1.8)


def decode(maps: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """COCO keypoints (N, 17, 2) x, y in crop pixels and scores (N, 17) from maps (N, C, s, s).

    The person is the strongest centre near the middle of the crop; a keypoint is the strongest
    heat near where that person's regression expects it.
    """
    center, heatmap, regress, offset = maps
    count, _, height, width = heatmap.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    middle = np.sqrt((y - height / 2) ** 2 + (x - width / 2) ** 2) + _SOFTENING
    person = (center[:, 0] / middle).reshape(count, height * width).argmax(1)
    rows, columns = np.divmod(person, width)
    each = np.arange(count)
    guess = regress[each, :, rows, columns].reshape(count, NUM_KEYPOINTS, 2)
    guess = guess + np.stack((rows, columns), 1)[:, None].astype(np.float32)

    away_y = (y[:, 0] - guess[..., :1]) ** 2  # (N, 17, h)
    away_x = (x[0] - guess[..., 1:]) ** 2  # (N, 17, w)
    distance = np.sqrt(away_y[..., None] + away_x[..., None, :]) + _SOFTENING
    best = (heatmap / distance).reshape(count, NUM_KEYPOINTS, height * width).argmax(2)
    rows, columns = np.divmod(best, width)
    joint = np.arange(NUM_KEYPOINTS)
    within = offset.reshape(count, NUM_KEYPOINTS, 2, height, width)[
        each[:, None], joint, :, rows, columns
    ]
    found = np.stack((columns, rows), 2) + within[..., ::-1]
    keypoints = (found * STRIDE).astype(np.float32)
    return keypoints, heatmap[each[:, None], joint, rows, columns]


@dataclass(frozen=True)
class SinglePose:
    """Thunder and Lightning: the person in the middle of the crop; see ``parts.PoseDecoder``."""

    def __call__(
        self, outputs: list[FloatArray], boxes: FloatArray, size_wh: tuple[int, int]
    ) -> Poses:
        """See ``parts.PoseDecoder``."""
        return to_hieve(COCO17, *decode(outputs))
