"""Whole pictures as a task for ``training.engine``: batches and validation of any detector."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from hie_cli.core.annotations import Annotations, TruthSequence
from hie_cli.core.types import FramePeople, People
from hie_cli.evaluation.metrics.detection_ap import DetectionSums, accumulate
from hie_cli.evaluation.metrics.oks_ap import OksConfig, collect_oks, oks_ap
from hie_cli.models.calibration_fit import Samples, fit_joints, fit_scores
from hie_cli.models.images import Letterbox
from hie_cli.models.parts import PeopleDecoder
from hie_cli.models.spec import ModelSpec
from hie_cli.training.data.items import Item, Items
from hie_cli.training.data.mixing import plan_of
from hie_cli.training.data.samples import HALF_HEAD, picture_sample, posed_people
from hie_cli.training.detect.settings import DetectTrainConfig
from hie_cli.training.engine.loop import Figures
from hie_cli.training.session import Calibrations


@dataclass(frozen=True)
class Batch:
    """images (N, S, S, 3) uint8 · boxes: (Mi, 4) of each image's people · joints: (Mi, 14, 2) of
    them, NaN where not labelled · ignored (N, S, S): pixels of which nothing is known · items: what
    it was made of.
    """

    images: Tensor
    boxes: tuple[Tensor, ...]
    joints: tuple[Tensor, ...]
    ignored: Tensor
    items: tuple[Item, ...]

    def to(self, device: str) -> Self:
        """The same on a device."""
        return replace(
            self, images=self.images.to(device), ignored=self.ignored.to(device),
            boxes=tuple(own.to(device) for own in self.boxes),
            joints=tuple(own.to(device) for own in self.joints),
        )  # fmt: skip


class PictureTask:
    """Finding people, learned from ``items.training`` and judged on ``items.validation``.

    spec: of the model that the network becomes. Who inherits says what is lost.
    """

    def __init__(
        self, network: nn.Module, spec: ModelSpec, items: Items, config: DetectTrainConfig,
        device: str,
    ) -> None:  # fmt: skip
        self.spec, self.items, self.config, self.device = spec, items, config, device
        self.network = network
        self._plan = plan_of(items.training, items.mix, config.images, config)

    @property
    def sees_joints(self) -> bool:
        """Whether the network's people have poses."""
        return False

    @property
    def figures(self) -> tuple[str, ...]:
        """See ``session.NetworkTask``."""
        return ("AP50", "AP", "recall", *(("OKS_AP",) if self.sees_joints else ()))

    @property
    def batches_per_epoch(self) -> int:
        """See ``Task``."""
        return self._plan.count

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
        return self._plan.batches(number, partial(self._batch, number), self.device)

    def _batch(self, epoch: int, chosen: np.ndarray, start: int) -> Batch:
        config = self.config
        items = tuple(self.items.training[int(i)] for i in chosen)
        samples = [
            picture_sample(
                item, config.side, config.augment,
                np.random.default_rng([config.seed, epoch, start + k]),
            )
            for k, item in enumerate(items)
        ]  # fmt: skip

        def counted(values: np.ndarray, ignore: np.ndarray) -> Tensor:
            return torch.from_numpy(values[~ignore].astype(np.float32))

        return Batch(
            torch.from_numpy(np.stack([sample.image for sample in samples])),
            tuple(counted(s.boxes, s.ignore) for s in samples),
            tuple(counted(s.keypoints, s.ignore) for s in samples),
            torch.from_numpy(np.stack([sample.ignored for sample in samples])),
            items,
        )

    def names(self, batch: Batch) -> list[str]:
        """See ``Divisible``."""
        return [item.place for item in batch.items]

    def part(self, batch: Batch, count: int) -> Batch:
        """See ``Divisible``."""
        return Batch(
            batch.images[:count], batch.boxes[:count], batch.joints[:count],
            batch.ignored[:count], batch.items[:count],
        )  # fmt: skip

    def loss(self, batch: Batch) -> tuple[Tensor, int]:
        """See ``Task``."""
        raise NotImplementedError

    def finish_epoch(self) -> None:
        """See ``Task``."""

    def validate(self) -> Figures:
        """See ``Task``: as ``hie eval`` has them, over all pictures together."""
        people = self.people()
        found = evaluated(people, self.items.validation)
        figures = {"AP50": found.ap(0.5), "AP": found.ap(), "recall": found.recall(0.5)}
        if self.sees_joints:
            figures["OKS_AP"] = oks(people, self.items.validation)
        return figures

    def people(self) -> list[People]:
        """What the network finds in the pictures to validate on."""
        return people_of(
            self.network, self.spec, self.items.validation, self.config.side, self.device
        )

    def calibrations(self) -> Calibrations:
        """See ``session.NetworkTask``."""
        samples = Samples()
        for item, found in zip(self.items.validation, self.people(), strict=True):
            _add(samples, item, found, self.config.side)
        before = self.spec.score
        fit = fit_scores(samples, before)
        blur = 0.0 if before is None else before.blur
        score = None if fit is None else replace(fit.record, blur=blur)
        joints = fit_joints(samples, crops=False) if self.sees_joints else None
        return Calibrations(score, None if joints is None else joints.record)


def people_of(
    network: nn.Module, spec: ModelSpec, items: Sequence[Item], side: int, device: str
) -> list[People]:
    """What the network finds in each picture, as ``hie detect`` would at this long side."""
    decode: PeopleDecoder = spec.decoder  # type: ignore[assignment] # of a detector
    was, found = network.training, []
    network.eval()
    with torch.inference_mode():
        for item in items:
            image = item.image()
            box = Letterbox.fit((image.shape[0], image.shape[1]), side, spec.input.padding)
            outputs = network(torch.from_numpy(box.batch([image])).to(device))
            found.append(decode([np.asarray(o[0].float().cpu()) for o in outputs], box))
    network.train(was)
    return found


def evaluate(
    network: nn.Module, spec: ModelSpec, items: Sequence[Item], side: int, device: str
) -> DetectionSums:
    """Average precision and recall of a network's boxes over all pictures together."""
    return evaluated(people_of(network, spec, items, side, device), items)


def evaluated(people: Sequence[People], items: Sequence[Item]) -> DetectionSums:
    """Average precision and recall over all pictures together."""
    truth = TruthSequence("validation", tuple(item.labels for item in items))
    return accumulate(truth, [FramePeople(t, each) for t, each in enumerate(people)])


def oks(people: Sequence[People], items: Sequence[Item]) -> float:
    """OKS AP over the pictures with labelled joints; 0 where there are none."""
    frames: list[tuple[Annotations, People]] = [
        (item.labels, each)
        for item, each in zip(items, people, strict=True)
        if len(posed_people(item.labels))
    ]
    if not frames:
        return 0.0
    ap = oks_ap([collect_oks(frames, OksConfig())]).figures["AP"]
    return ap if np.isfinite(ap) else 0.0


def _add(samples: Samples, item: Item, found: People, side: int) -> None:
    """One picture's candidates, people and joints, under its video's name."""
    labels = item.labels
    image = item.image()
    scale = side / max(image.shape[:2])
    group = item.video if not labels.image else f"source {item.source}"
    taken = samples.add_people(group, found, labels.boxes, labels.ignore, scale)
    if found.keypoints is None or found.keypoint_scores is None or labels.keypoints is None:
        return
    for i, j in enumerate(taken):
        if j >= 0 and not labels.ignore[j]:
            height = float(labels.boxes[j, 3] - labels.boxes[j, 1])
            samples.add_joints(
                group, found.keypoints[i], found.keypoint_scores[i], labels.keypoints[j],
                HALF_HEAD * height, height * scale,
            )  # fmt: skip
