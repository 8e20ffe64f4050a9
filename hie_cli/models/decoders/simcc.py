"""SimCC (Li et al., ECCV 2022), as RTMPose exports it: a row of bins for each axis."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.skeletons import to_hieve
from hie_cli.core.types import FloatArray
from hie_cli.models.decoders.candidates import PoseLayout, first_of, keypoint_set, refuse
from hie_cli.models.parts import Poses


@dataclass(frozen=True)
class SimCC(PoseLayout):
    """``simcc_x`` (N, K, width * split), ``simcc_y`` (N, K, height * split).

    A joint is the best bin of each axis over ``split_ratio``, its score the lower of both.
    """

    split_ratio: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.split_ratio > 0:
            raise ValueError(f"split_ratio: {self.split_ratio}, expected bins per pixel, above 0")

    def __call__(
        self, outputs: list[FloatArray], boxes: FloatArray, size_wh: tuple[int, int]
    ) -> Poses:
        """See ``parts.PoseDecoder``."""
        joints = keypoint_set(self.keypoints)
        count = len(joints.joints)
        wide, high = (round(side * self.split_ratio) for side in size_wh)
        shapes = [array.shape[1:] for array in outputs]
        if shapes != [(count, wide), (count, high)]:
            expected = f"simcc_x ({count}, {wide}) then simcc_y ({count}, {high})"
            raise refuse("simcc", first_of(outputs), expected)
        x, y = outputs
        keypoints = np.stack((x.argmax(2), y.argmax(2)), 2) / np.float32(self.split_ratio)
        scores = np.minimum(x.max(2), y.max(2))
        return to_hieve(joints, keypoints.astype(np.float32), np.clip(scores, 0, 1))
