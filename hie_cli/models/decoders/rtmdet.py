"""RTMDet (OpenMMLab) without its decoding: class and distance maps of each stride."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders import distance_bins
from hie_cli.models.decoders.candidates import GridLayout, dense, refuse
from hie_cli.models.images import Letterbox


@dataclass(frozen=True)
class RtmDet(GridLayout):
    """Logits (C, h, w) and distances (4, h, w) to left, top, right, bottom, for each stride.

    Distances start at the cell's corner, in pixels (``pixels``) or in cells.
    """

    pixels: bool = True
    centre: float = 0.0

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        hw = [(box.padded_height // stride, box.padded_width // stride) for stride in self.strides]
        classes = [each for size in hw for each in outputs if _is(each, size) and len(each) != 4]
        distances = [each for size in hw for each in outputs if _is(each, size) and len(each) == 4]
        if not len(classes) == len(distances) == len(hw) or len(classes[0]) <= self.person:
            raise refuse("rtmdet", outputs, f"(C, h, w) and (4, h, w) for each (h, w) of {hw}")
        grid = distance_bins.cells(box.padded_height, box.padded_width, self.strides, self.centre)
        logits = np.concatenate([each[self.person].ravel() for each in classes])
        scores = 1 / (1 + np.exp(-np.clip(logits, -50, 50)))
        sides = np.concatenate([each.reshape(4, -1) for each in distances], 1).T
        if not self.pixels:
            sides = sides * grid.strides[:, None]
        boxes = np.concatenate((grid.centres - sides[:, :2], grid.centres + sides[:, 2:]), 1)
        return dense(boxes.astype(np.float32), scores.astype(np.float32), box, self.floor)


def _is(array: FloatArray, size_hw: tuple[int, int]) -> bool:
    return array.ndim == 3 and array.shape[1:] == size_hw
