"""A detector as a task for ``training.engine``: batches, losses, validation."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from hie_cli.core.types import FramePeople, People, TruthSequence
from hie_cli.evaluation.metrics.detection_ap import DetectionSums, accumulate
from hie_cli.models.calibration_fit import Samples
from hie_cli.models.decoders.distance_bins import STRIDES
from hie_cli.models.decoders.nanodet import PackagedNanoDet
from hie_cli.models.images import Letterbox
from hie_cli.models.networks.nanodet import BINS, NUM_CLASSES, PERSON, NanoDet
from hie_cli.training.data.items import Item, Items
from hie_cli.training.data.mixing import epoch_order, in_threads
from hie_cli.training.data.samples import picture_sample
from hie_cli.training.detect.assignment import Grid, atss, dynamic, grid
from hie_cli.training.detect.losses import (
    distribution_focal,
    expected_distance,
    generalised_iou,
    quality_focal,
)
from hie_cli.training.detect.settings import DetectTrainConfig
from hie_cli.training.engine import distributed
from hie_cli.training.engine.loop import Figures


@dataclass(frozen=True)
class Batch:
    """images (N, S, S, 3) uint8 · boxes: (Mi, 4) of each image's people · ignored (N, S, S): pixels
    of which nothing is known · items: what it was made of.
    """

    images: Tensor
    boxes: tuple[Tensor, ...]
    ignored: Tensor
    items: tuple[Item, ...]


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


class DetectTask:
    """Finding people, learned from ``items.training`` and judged on ``items.validation``."""

    def __init__(
        self, network: NanoDet, items: Items, config: DetectTrainConfig, device: str
    ) -> None:
        self.network, self.items, self.config, self.device = network, items, config, device
        self._sources = np.array([item.source for item in items.training], np.int64)
        self._weights = [source.weight for source in items.mix.sources]

    @property
    def _each(self) -> int:
        return self.config.images or len(self.items.training)

    @property
    def batches_per_epoch(self) -> int:
        """See ``Task``."""
        return -(-self._each // (self.config.batch * distributed.processes()))

    @property
    def data(self) -> list[int]:
        """See ``Task``: numbers of pictures, and a sum over their labels."""
        sums = [
            crc32(b"".join(i.labels.boxes.tobytes() + i.labels.ignore.tobytes() for i in part))
            for part in (self.items.training, self.items.validation)
        ]
        return [len(self.items.training), len(self.items.validation), *sums]

    def batches(self, number: int) -> Iterator[Batch]:
        """See ``Task``."""
        config, world = self.config, distributed.processes()
        whole = config.batch * world * self.batches_per_epoch
        order = epoch_order(self._sources, self._weights, whole, config.seed, number)
        size, first = config.batch, distributed.rank() * config.batch

        def make(k: int) -> Batch:
            start = k * size * world + first
            return self._batch(order[start : start + size], number, start)

        for batch in in_threads(make, self.batches_per_epoch, config.workers):
            yield Batch(
                batch.images.to(self.device), tuple(b.to(self.device) for b in batch.boxes),
                batch.ignored.to(self.device), batch.items,
            )  # fmt: skip

    def _batch(self, chosen: np.ndarray, epoch: int, start: int) -> Batch:
        config = self.config
        items = tuple(self.items.training[int(i)] for i in chosen)
        samples = [
            picture_sample(
                item, config.side, config.augment,
                np.random.default_rng([config.seed, epoch, start + k]),
            )
            for k, item in enumerate(items)
        ]  # fmt: skip
        return Batch(
            torch.from_numpy(np.stack([sample.image for sample in samples])),
            tuple(torch.from_numpy(s.boxes[~s.ignore].astype(np.float32)) for s in samples),
            torch.from_numpy(np.stack([sample.ignored for sample in samples])),
            items,
        )

    def names(self, batch: Batch) -> list[str]:
        """See ``Divisible``."""
        return [item.place for item in batch.items]

    def part(self, batch: Batch, count: int) -> Batch:
        """See ``Divisible``."""
        return Batch(
            batch.images[:count], batch.boxes[:count], batch.ignored[:count], batch.items[:count]
        )

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

    def finish_epoch(self) -> None:
        """See ``Task``."""

    def validate(self) -> Figures:
        """See ``Task``."""
        found = evaluate(self.network, self.items.validation, self.config.side, self.device)
        return {"AP50": found.ap(0.5), "AP": found.ap(), "recall": found.recall(0.5)}


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
    count = distributed.mean_over_processes(torch.tensor(float(len(rows)), device=taken.device))
    share = distributed.mean_over_processes(weight_sum)
    quality_loss = (quality_focal(found.logits, quality) * known).sum() / count.clamp(min=1)
    return (
        config.quality_weight * quality_loss
        + config.overlap_weight * overlap_loss / share.clamp(min=1e-6)
        + config.distribution_weight * distribution_loss / share.clamp(min=1e-6)
    )


def _unknown(cells: Grid, ignored: Tensor) -> Tensor:
    """Whether each cell's centre (N, A) lies where nothing is known."""
    x, y = cells.centres.long().T
    return ignored[:, y.clamp(max=ignored.shape[1] - 1), x.clamp(max=ignored.shape[2] - 1)]


def people_of(network: nn.Module, items: Sequence[Item], side: int, device: str) -> list[People]:
    """What the network finds in each picture, as ``hie detect`` would at this long side."""
    decode = PackagedNanoDet()
    was, found = network.training, []
    network.eval()
    with torch.inference_mode():
        for item in items:
            image = item.image()
            box = Letterbox.fit((image.shape[0], image.shape[1]), side)
            outputs = network(torch.from_numpy(box.batch([image])).to(device))
            found.append(decode([np.asarray(o[0].float().cpu()) for o in outputs], box))
    network.train(was)
    return found


def evaluate(network: nn.Module, items: Sequence[Item], side: int, device: str) -> DetectionSums:
    """Average precision and recall as ``hie eval`` has them, over all pictures together."""
    people = people_of(network, items, side, device)
    truth = TruthSequence("validation", tuple(item.labels for item in items))
    frames = [FramePeople(t, each) for t, each in enumerate(people)]
    return accumulate(truth, frames)


def calibration_samples(
    network: nn.Module, items: Sequence[Item], side: int, device: str
) -> Samples:
    """What ``models.calibration_fit`` needs: candidates and people of every picture, by video."""
    samples = Samples()
    for item, found in zip(items, people_of(network, items, side, device), strict=True):
        image = item.image()
        scale = side / max(image.shape[:2])
        group = item.video if not item.labels.image else f"source {item.source}"
        samples.add_people(group, found, item.labels.boxes, item.labels.ignore, scale)
    return samples


def fingerprint(config: DetectTrainConfig, free: Sequence[str], values: dict[str, object]) -> str:
    """What must be equal for a checkpoint to be resumed from."""
    kept = {k: v for k, v in values.items() if k not in free}
    return json.dumps({**kept, "processes": distributed.processes()}, sort_keys=True)
