"""NanoDet as a task: what its heads' maps lose against a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hie_cli.models.decoders.distance_bins import STRIDES
from hie_cli.models.networks.nanodet import BINS, NUM_CLASSES, PERSON, NanoDet
from hie_cli.training.detect.assignment import Grid, atss, dynamic, grid
from hie_cli.training.detect.losses import (
    distribution_focal,
    expected_distance,
    generalised_iou,
    quality_focal,
)
from hie_cli.training.detect.pictures import Batch, PictureTask
from hie_cli.training.detect.settings import DetectTrainConfig
from hie_cli.training.engine import distributed


@dataclass(frozen=True)
class Predicted:
    """Of every cell: person logits (N, A), bin logits (N, A, 4, B)."""

    logits: Tensor
    bins: Tensor

    def boxes(self, cells: Grid) -> Tensor:
        """(N, A, 4) xyxy in input pixels."""
        distance = expected_distance(self.bins) * cells.strides[:, None]
        low, high = cells.centres - distance[..., :2], cells.centres + distance[..., 2:]
        return torch.cat((low, high), -1)


def predicted(levels: Sequence[Tensor]) -> Predicted:
    """The heads' maps (N, 124, h, w), one a stride, cell by cell."""
    flat = torch.cat([level.flatten(2) for level in levels], 2).float()
    bins = flat[:, NUM_CLASSES:].reshape(len(flat), 4, BINS, -1).permute(0, 3, 1, 2)
    return Predicted(flat[:, PERSON], bins)


class DetectTask(PictureTask):
    """``PictureTask`` with NanoDet's losses."""

    network: NanoDet

    def loss(self, batch: Batch) -> tuple[Tensor, int]:
        """See ``Task``."""
        levels = self.network.logits(batch.images)
        return self.detection_loss(levels, batch), len(batch.images)

    def detection_loss(self, levels: Sequence[Tensor], batch: Batch) -> Tensor:
        """The three losses' weighted sum, of the heads' maps."""
        found = predicted(levels)
        sizes = [(level.shape[2], level.shape[3]) for level in levels]
        cells = grid(sizes, STRIDES, found.logits.device)
        taken = torch.stack(
            [self._taken(cells, found, batch.boxes, n) for n in range(len(batch.boxes))]
        )
        return combined(found, cells, taken, batch, self.config)

    def _taken(self, cells: Grid, found: Predicted, boxes: Sequence[Tensor], n: int) -> Tensor:
        if self.config.assignment == "atss":
            return atss(cells, boxes[n])
        with torch.no_grad():
            one = Predicted(found.logits[n : n + 1], found.bins[n : n + 1])
            return dynamic(cells, boxes[n], found.logits[n], one.boxes(cells)[0])


def combined(
    found: Predicted, cells: Grid, taken: Tensor, batch: Batch, config: DetectTrainConfig
) -> Tensor:
    """The losses of cells that answer for the people ``taken`` (N, A), -1 for none.

    As published: the quality loss over all cells is divided by the number of those that answer, the
    others are weighted by the cell's score and divided by the sum of these weights.
    """
    rows, columns = torch.nonzero(taken >= 0, as_tuple=True)
    quality = torch.zeros_like(found.logits)
    overlap_loss = distribution_loss = found.bins.sum() * 0
    weight_sum = torch.zeros((), device=found.logits.device)
    if len(rows):
        boxes = torch.cat([b[t[t >= 0]] for b, t in zip(batch.boxes, taken, strict=True)])
        stride, centre = cells.strides[columns][:, None], cells.centres[columns]
        target = torch.cat((centre - boxes[:, :2], boxes[:, 2:] - centre), 1) / stride
        bins = found.bins[rows, columns]
        distance = expected_distance(bins)
        middle = centre / stride
        predicted_boxes = torch.cat((middle - distance[:, :2], middle + distance[:, 2:]), 1)
        loss, iou = generalised_iou(predicted_boxes, boxes / stride)
        quality[rows, columns] = iou.detach().clamp(min=0)
        weight = found.logits[rows, columns].detach().sigmoid()
        weight_sum = weight.sum()
        overlap_loss = (loss * weight).sum()
        clipped = target.clamp(0, BINS - 1 - 0.1)
        each = distribution_focal(bins.reshape(-1, BINS), clipped.reshape(-1)).view(-1, 4)
        distribution_loss = (each.mean(1) * weight).sum()
    known = ~_unknown(cells, batch.ignored) | (taken >= 0)
    count = distributed.shared_count(torch.tensor(float(len(rows)), device=taken.device))
    share = distributed.mean_over_processes(weight_sum)
    quality_loss = (quality_focal(found.logits, quality) * known).sum() / count
    return (
        config.quality_weight * quality_loss
        + config.overlap_weight * overlap_loss / share.clamp(min=1e-6)
        + config.distribution_weight * distribution_loss / share.clamp(min=1e-6)
    )


def _unknown(cells: Grid, ignored: Tensor) -> Tensor:
    """Whether each cell's centre (N, A) lies where nothing is known."""
    x, y = cells.centres.long().T
    return ignored[:, y.clamp(max=ignored.shape[1] - 1), x.clamp(max=ignored.shape[2] - 1)]
