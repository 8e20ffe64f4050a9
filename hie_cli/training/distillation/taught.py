"""A detector's task with a teacher beside it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from hie_cli.core.errors import ConfigError
from hie_cli.core.geometry import iou
from hie_cli.core.progress import note, progress
from hie_cli.models import registry
from hie_cli.models.base import Detector
from hie_cli.models.decoders.distance_bins import STRIDES
from hie_cli.models.manifest import packaged
from hie_cli.models.networks.nanodet import NanoDet
from hie_cli.training.data.items import Item, Items
from hie_cli.training.detect.assignment import grid
from hie_cli.training.detect.pictures import Batch, PictureTask
from hie_cli.training.detect.settings import DetectTrainConfig
from hie_cli.training.detect.task import DetectTask
from hie_cli.training.detect.trainable import TRAINABLE
from hie_cli.training.distillation import losses
from hie_cli.training.distillation.losses import Adapter
from hie_cli.training.distillation.masks import box_mask, imitation_mask, virtual_anchors
from hie_cli.training.distillation.teachers import Teacher, teacher_of

_SAME = 0.5  # overlap from which a teacher's box is a person already labelled


class Taught(nn.Module):
    """The student and its adapters, which are dropped after training."""

    def __init__(self, student: NanoDet, adapters: nn.ModuleList) -> None:
        super().__init__()
        self.student, self.adapters = student, adapters


class TaughtTask(DetectTask):
    """``DetectTask`` with a loss of the feature maps beside its own."""

    def __init__(
        self, module: Taught, teacher: Teacher, items: Items, config: DetectTrainConfig, device: str
    ) -> None:
        super().__init__(module.student, packaged(config.network), items, config, device)
        self.module, self.teacher = module, teacher
        self.step = 0
        # A short training would otherwise never hear its teacher.
        tenth = config.epochs * self.batches_per_epoch // 10
        self.warm_up = min(config.distill.warm_up, tenth)

    def batches(self, number: int):  # type: ignore[no-untyped-def]
        """See ``Task``; counts the steps of the warm-up."""
        self.step = number * self.batches_per_epoch
        for batch in super().batches(number):
            yield batch
            self.step += 1

    def loss(self, batch: Batch) -> tuple[Tensor, int]:
        """See ``Task``."""
        features = self.network.features(batch.images)
        own = self.detection_loss(self.network.heads_of(features), batch)
        if self.step < self.warm_up:
            # The adapters are part of what is learned; their gradient is 0 meanwhile.
            return own, len(batch.images)
        with torch.no_grad():
            taught = self.teacher.maps(batch.images)
        return own + self.feature_loss(features, taught, batch.boxes), len(batch.images)

    def feature_loss(
        self, student: Sequence[Tensor], teacher: Sequence[Tensor], boxes: Sequence[Tensor]
    ) -> Tensor:
        """The loss of ``distill.method``, with its weight."""
        how = self.config.distill
        adapted = [f.float() for f in student]
        if len(self.module.adapters):
            adapted = [a(f) for a, f in zip(self.module.adapters, student, strict=True)]
        if how.method == "cwd":
            weight = losses.CWD if how.weight is None else how.weight
            return weight * losses.channel_wise(adapted, teacher, how.temperature)
        if how.method == "pkd":
            weight = losses.PKD if how.weight is None else how.weight
            return weight * losses.pearson(adapted, teacher)
        weight = losses.IMITATION if how.weight is None else how.weight
        masks = self.masks(teacher, boxes)
        return weight * losses.imitated(adapted, teacher, masks, how.normaliser)

    def masks(self, maps: Sequence[Tensor], boxes: Sequence[Tensor]) -> list[Tensor]:
        """Which cells of each level (N, h, w) are imitated."""
        sizes = [(m.shape[2], m.shape[3]) for m in maps]
        device = maps[0].device
        cells = grid(sizes, STRIDES, device)
        method, psi = self.config.distill.method, self.config.distill.psi
        anchors = virtual_anchors(sizes, STRIDES, device)
        rows = []
        for own in boxes:
            if method == "hints":
                rows.append(torch.ones(len(cells.centres), dtype=torch.bool, device=device))
            elif method == "boxes":
                rows.append(box_mask(cells.centres, own))
            else:
                rows.append(imitation_mask(anchors, own, psi))
        parts = torch.split(torch.stack(rows), list(cells.levels), 1)
        return [part.view(-1, *size) for part, size in zip(parts, sizes, strict=True)]


def taught(
    network: nn.Module, items: Items, how: DetectTrainConfig, device: str, teacher: str
) -> tuple[PictureTask, nn.Module]:
    """The task with ``teacher``, and the module whose weights are learned.

    ConfigError where the method needs feature maps that the teacher does not open.
    """
    spec = registry.find(teacher)
    if spec.task != "detect":
        raise ConfigError(f"--teacher {teacher}: a model for {spec.task}; give a detector")
    if how.distill.method == "labels":
        model = registry.load_detector(teacher, "auto" if device.startswith("cuda") else "cpu")
        own = TRAINABLE[how.network].task
        more = labelled(items, model, how)
        return own(network, packaged(how.network), more, how, device), network
    if not isinstance(network, NanoDet):
        raise ConfigError(
            f"--teacher {teacher}: {how.network} learns from boxes only; "
            "--set distill.method=labels"
        )
    master = teacher_of(spec, how.distill.maps, how.side, device)
    adapters = nn.ModuleList()
    if how.distill.adapter != "none":
        rectified = how.distill.adapter == "conv-relu"
        adapters = nn.ModuleList(
            Adapter(network.width, width, rectified) for width in master.widths
        )
    elif set(master.widths) != {network.width}:
        raise ConfigError(
            f"distill.adapter: none, but the student has {network.width} channels and the teacher "
            f"{', '.join(map(str, sorted(set(master.widths))))}; set it to conv"
        )
    module = Taught(network, adapters).to(device)
    return TaughtTask(module, master, items, how, device), module


def labelled(items: Items, teacher: Detector, how: DetectTrainConfig) -> Items:
    """The training pictures with the teacher's boxes as further people.

    Sure ones that nobody labelled become people, unsure ones are ignored.
    """
    changed, added = [], 0
    for item in progress(
        items.training, f"boxes of {teacher.name}", len(items.training), "picture"
    ):
        (found,) = teacher.detect([item.image()])
        heights = found.boxes[:, 3] - found.boxes[:, 1]
        chance = teacher.spec.person_probability(found.scores, heights)
        truth = item.labels
        free = iou(found.boxes, truth.boxes).max(1, initial=0) < _SAME
        boxes, sure = found.boxes[free], chance[free] >= how.distill.min_score
        added += int(sure.sum())
        changed.append(_with(item, boxes.astype(np.float64), ~sure))
    note(f"{teacher.name}: {added} further people in {len(changed)} pictures")
    return replace(items, training=tuple(changed))


def _with(item: Item, boxes: np.ndarray, ignore: np.ndarray) -> Item:
    """An item with further people, of whom nothing but the box is known."""
    truth, count = item.labels, len(boxes)

    def more(values: np.ndarray | None, fill: float) -> np.ndarray | None:
        if values is None:
            return None
        return np.concatenate((values, np.full((count, *values.shape[1:]), fill, values.dtype)))

    changed = replace(
        truth,
        boxes=np.concatenate((truth.boxes, boxes)),
        track_ids=np.concatenate((truth.track_ids, np.full(count, -1, np.int64))),
        ignore=np.concatenate((truth.ignore, ignore)),
        keypoints=more(truth.keypoints, np.nan),
        visibility=more(truth.visibility, -1),
        actions=more(truth.actions, -1),
        head_boxes=None,
        distractor=more(truth.distractor, False),
        areas=None,
    )
    return replace(item, labels=changed)
