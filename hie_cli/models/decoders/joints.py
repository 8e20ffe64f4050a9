"""Poses decoded in the graph: a place and a score for each joint."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.skeletons import to_hieve
from hie_cli.core.types import FloatArray
from hie_cli.models.decoders.candidates import PoseLayout, first_of, keypoint_set, refuse
from hie_cli.models.parts import Poses


@dataclass(frozen=True)
class Joints(PoseLayout):
    """Keypoints (N, K, 2) in crop pixels with scores (N, K), or both in one (N, K, 3).

    ``normalised``: places over the crop's size.
    """

    normalised: bool = False

    def __call__(
        self, outputs: list[FloatArray], boxes: FloatArray, size_wh: tuple[int, int]
    ) -> Poses:
        """See ``parts.PoseDecoder``."""
        joints = keypoint_set(self.keypoints)
        count = len(joints.joints)
        places = [each for each in outputs if each.ndim == 3 and each.shape[1] == count]
        alone = [each for each in outputs if each.ndim == 2 and each.shape[1] == count]
        if not places or not (places[0].shape[2] == 3 or (places[0].shape[2] == 2 and alone)):
            raise refuse(
                "joints", first_of(outputs), f"({count}, 2) and ({count}), or ({count}, 3)"
            )
        points = places[0][..., :2].astype(np.float32)
        scores = places[0][..., 2] if places[0].shape[2] == 3 else alone[0]
        if self.normalised:
            points = points * np.array(size_wh, np.float32)
        return to_hieve(joints, points, np.clip(scores.astype(np.float32), 0, 1))
