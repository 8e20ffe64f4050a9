"""YOLOX (Megvii): one row a cell."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders import distance_bins
from hie_cli.models.decoders.candidates import GridLayout, dense, refuse
from hie_cli.models.images import Letterbox


@dataclass(frozen=True)
class Yolox(GridLayout):
    """One output (A, 5 + C) of centre x, y, width, height, objectness, classes.

    Rows run over the strides' cells row by row. Not ``decoded``, the first four are offsets in
    cells from the cell's corner and logarithms of the size in cells (``export_onnx.py``'s default);
    ``decoded`` (``--decode_in_inference``), they are pixels. Probabilities are already sigmoids.
    """

    required: ClassVar[tuple[str, ...]] = ("decoded",)
    decoded: bool = False

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        grid = distance_bins.cells(box.padded_height, box.padded_width, self.strides)
        total = len(grid.strides)
        rows = outputs[0] if outputs else np.zeros((0, 0), np.float32)
        fits = len(outputs) == 1 and rows.ndim == 2 and len(rows) == total
        if not fits or rows.shape[1] <= 5 + self.person:
            raise refuse("yolox", outputs, f"one ({total}, 5 + classes)")
        centre, size = rows[:, :2], rows[:, 2:4]
        if not self.decoded:
            stride = grid.strides[:, None]
            centre = centre * stride + grid.centres - stride / 2
            size = np.exp(np.minimum(size, 20)) * stride
        boxes = np.concatenate((centre - size / 2, centre + size / 2), 1).astype(np.float32)
        return dense(boxes, rows[:, 4] * rows[:, 5 + self.person], box, self.floor)
