"""Heatmaps of joints (HRNet, ViTPose, SimpleBaseline): a map a joint, a cell some pixels."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.skeletons import to_hieve
from hie_cli.core.types import FloatArray
from hie_cli.models.decoders.candidates import PoseLayout, first_of, keypoint_set, refuse
from hie_cli.models.parts import Poses

_FLOOR = 1e-10  # below which a heatmap has no logarithm


@dataclass(frozen=True)
class Heatmaps(PoseLayout):
    """One output (N, K, h, w); a joint is its map's maximum, moved within the cell.

    By a quarter of a cell to the higher neighbour (Newell et al., ECCV 2016), or with ``dark`` to
    the maximum of the parabola through the logarithms (Zhang et al., CVPR 2020, without its
    smoothing). Cell (0, 0) lies at pixel (0, 0), as their trainers align them.
    """

    dark: bool = False

    def __call__(
        self, outputs: list[FloatArray], boxes: FloatArray, size_wh: tuple[int, int]
    ) -> Poses:
        """See ``parts.PoseDecoder``."""
        joints = keypoint_set(self.keypoints)
        count = len(joints.joints)
        if len(outputs) != 1 or outputs[0].ndim != 4 or outputs[0].shape[1] != count:
            raise refuse("heatmaps", first_of(outputs), f"({count}, height, width)")
        maps = outputs[0].astype(np.float32)
        people, _, height, width = maps.shape
        best = maps.reshape(people, count, -1).argmax(2)
        rows, columns = np.divmod(best, width)
        person, joint = np.mgrid[:people, :count]
        scores = maps[person, joint, rows, columns]
        inner_y, inner_x = np.clip(rows, 1, height - 2), np.clip(columns, 1, width - 2)
        sides = [
            maps[person, joint, rows + dy, columns + dx]
            for dy, dx in ((0, -1), (0, 1), (-1, 0), (1, 0))
            for rows, columns in ((inner_y, inner_x),)
        ]
        edge = np.stack((columns != inner_x, rows != inner_y), -1)
        before, after = np.stack(sides[::2], -1), np.stack(sides[1::2], -1)
        if self.dark:
            low, mid, high = (
                np.log(np.maximum(v, _FLOOR)) for v in (before, scores[..., None], after)
            )
            bend = low - 2 * mid + high
            move = np.where(bend < 0, (low - high) / np.where(bend < 0, 2 * bend, -1), 0)
            move = np.clip(move, -0.5, 0.5)
        else:
            move = np.sign(after - before) / 4
        points = np.stack((columns, rows), -1) + np.where(edge, 0, move)
        cell = np.array((size_wh[0] / width, size_wh[1] / height), np.float32)
        return to_hieve(joints, (points * cell).astype(np.float32), np.clip(scores, 0, 1))
