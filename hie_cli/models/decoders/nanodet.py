"""NanoDet (RangiLyu): the packaged network's outputs, and those of its published exports."""

from dataclasses import dataclass

import numpy as np

from hie_cli.core.geometry import nms
from hie_cli.core.types import FloatArray, People
from hie_cli.models.decoders import distance_bins
from hie_cli.models.decoders.candidates import LIMIT, SAME_PERSON, GridLayout, dense, refuse
from hie_cli.models.images import Letterbox


@dataclass(frozen=True)
class PackagedNanoDet:
    """Person scores (A,) and bins (44, A) of the packaged graph; see ``parts.PeopleDecoder``."""

    floor: float = 0.05

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        grid = distance_bins.cells(box.padded_height, box.padded_width)
        boxes, scores = distance_bins.decode(outputs[0], outputs[1], grid, self.floor)
        kept = nms(boxes, scores, SAME_PERSON)[:LIMIT]
        return People(box.boxes(boxes[kept]), scores[kept])


@dataclass(frozen=True)
class NanoDet(GridLayout):
    """Class probabilities and the four sides' bins, over the strides' cells.

    Either one output (A, C + 4 * bins), as its exporter writes, or one (A_s, C) and one
    (A_s, 4 * bins) per stride, as older exports did; with bins = 1 these are the distances
    themselves, in cells (``pixels``: in pixels). ``centre``: where in a cell distances start (0.0
    for NanoDet-Plus) · ``classes``: how many · ``logits``: the classes' sigmoid is still to do.
    """

    classes: int = 80
    centre: float = 0.5
    logits: bool = False
    pixels: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.centre <= 1:
            raise ValueError(f"centre: {self.centre}, expected 0..1")
        if not 1 <= self.classes <= 10_000:
            raise ValueError(f"classes: {self.classes}, expected a number of classes")

    def __call__(self, outputs: list[FloatArray], box: Letterbox) -> People:
        """See ``parts.PeopleDecoder``."""
        grid = distance_bins.cells(box.padded_height, box.padded_width, self.strides, self.centre)
        total = len(grid.strides)
        expected = (
            f"one ({total}, {self.classes} + 4 * bins), "
            f"or ({self.classes}) and (4 * bins) per stride"
        )
        if any(array.ndim != 2 for array in outputs):
            raise refuse("nanodet", outputs, expected)
        if len(outputs) == 1:
            scores, bins = outputs[0][:, : self.classes], outputs[0][:, self.classes :]
        else:
            by_size = sorted(outputs, key=lambda array: -len(array))
            scores = _stacked([array for array in by_size if array.shape[1] == self.classes])
            bins = _stacked([array for array in by_size if array.shape[1] != self.classes])
        fits = len(scores) == len(bins) == total and scores.shape[1] == self.classes > self.person
        if not fits or bins.shape[1] < 4 or bins.shape[1] % 4:
            raise refuse("nanodet", outputs, expected)
        person = scores[:, self.person]
        if self.logits:
            person = 1 / (1 + np.exp(-np.clip(person, -50, 50)))
        if bins.shape[1] == 4:
            sides = bins if self.pixels else bins * grid.strides[:, None]
            boxes = np.concatenate((grid.centres - sides[:, :2], grid.centres + sides[:, 2:]), 1)
            return dense(boxes.astype(np.float32), person, box, self.floor)
        found = distance_bins.decode(person, bins.T, grid, self.floor)
        return dense(*found, box, self.floor)


def _stacked(parts: list[FloatArray]) -> FloatArray:
    same = len({part.shape[1] for part in parts}) == 1
    return np.concatenate(parts) if same else np.zeros((0, 0), np.float32)
