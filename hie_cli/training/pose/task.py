"""A pose network as a task for ``training.engine``: batches, losses, validation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hie_cli.core.annotations import Annotations
from hie_cli.core.geometry import known
from hie_cli.core.types import FloatArray, People
from hie_cli.evaluation.metrics.oks_ap import OksConfig, collect_oks, oks_ap
from hie_cli.models.base import PoseEstimator
from hie_cli.models.calibration_fit import Samples, fit_joints
from hie_cli.models.decoders.centernet import NUM_KEYPOINTS
from hie_cli.models.estimators import CropEstimator
from hie_cli.models.runtime import TorchNetwork
from hie_cli.models.spec import ModelSpec
from hie_cli.training.data.augment import NONE
from hie_cli.training.data.items import Item, Items
from hie_cli.training.data.mixing import plan_of
from hie_cli.training.data.samples import HALF_HEAD, narrowed, person_sample, posed_people
from hie_cli.training.engine.loop import Figures
from hie_cli.training.pose.losses import absolute, heat_focal, heat_squared, missed_oks
from hie_cli.training.pose.settings import PoseTrainConfig
from hie_cli.training.pose.targets import targets
from hie_cli.training.session import Calibrations


@dataclass(frozen=True)
class Posed:
    """One person of an item: what the network learns from."""

    item: Item
    person: int


@dataclass(frozen=True)
class PoseBatch:
    """images (N, S, S, 3) uint8 and, stacked, the fields of ``targets.Targets``.

    near (K, 3): window, x, y of the cells that say where joints are · areas (N,): in cells.
    """

    images: Tensor
    centre: Tensor
    centre_known: Tensor
    heat: Tensor
    heat_known: Tensor
    points: Tensor
    labelled: Tensor
    near: Tensor
    areas: Tensor
    people: tuple[Posed, ...]

    def to(self, device: str) -> Self:
        """The same on a device."""
        tensors: dict[str, Any] = {
            k: v.to(device) for k, v in vars(self).items() if isinstance(v, Tensor)
        }
        return replace(self, **tensors)


def people_in(items: Sequence[Item], least_height: float) -> list[Posed]:
    """Everybody with a labelled joint who is high enough to be learned from."""
    found = []
    for item in items:
        heights = item.labels.boxes[:, 3] - item.labels.boxes[:, 1]
        for person in posed_people(item.labels):
            if heights[person] >= least_height:
                found.append(Posed(item, int(person)))
    return found


class PoseTask:
    """Joints of one person in a window, learned from ``training``, judged on ``validation``."""

    def __init__(
        self, network: nn.Module, spec: ModelSpec, items: Items, config: PoseTrainConfig,
        device: str,
    ) -> None:  # fmt: skip
        self.network, self.spec, self.config, self.device = network, spec, config, device
        self.training = people_in(items.training, config.least_height)
        self.validation = items.validation
        owners = [each.item for each in self.training]
        self._plan = plan_of(owners, items.mix, config.people, config)

    @property
    def figures(self) -> tuple[str, ...]:
        """See ``session.NetworkTask``."""
        return ("near", "OKS_AP")

    @property
    def batches_per_epoch(self) -> int:
        """See ``Task``."""
        return self._plan.count

    @property
    def data(self) -> list[int]:
        """See ``Task``: numbers of people and pictures, and a sum over the joints."""
        joints = b"".join(
            np.nan_to_num(each.item.labels.keypoints[each.person]).tobytes()
            for each in self.training
            if each.item.labels.keypoints is not None
        )
        return [len(self.training), len(self.validation), crc32(joints)]

    def batches(self, number: int) -> Iterator[PoseBatch]:
        """See ``Task``."""
        return self._plan.batches(number, partial(self._batch, number), self.device)

    def _batch(self, epoch: int, chosen: NDArray[np.int64], start: int) -> PoseBatch:
        size_wh, context = self.spec.input.size_wh, self.spec.input.context
        side = max(size_wh)
        people = tuple(self.training[int(i)] for i in chosen)
        images, parts = [], []
        for k, each in enumerate(people):
            rng = np.random.default_rng([self.config.seed, epoch, start + k])
            sample = person_sample(each.item, each.person, side, context, self.config.augment, rng)
            if not known(sample.keypoints[sample.person]).any():  # augmented out of its window
                sample = person_sample(
                    each.item, each.person, side, context, NONE, np.random.default_rng(0)
                )
            sample = narrowed(sample, size_wh)
            images.append(sample.image)
            parts.append(targets(sample))
        near = [
            np.concatenate((np.full((len(p.near), 1), n, np.float32), p.near), 1)
            for n, p in enumerate(parts)
        ]

        def stacked(name: str) -> Tensor:
            return torch.from_numpy(np.stack([getattr(part, name) for part in parts]))

        return PoseBatch(
            torch.from_numpy(np.stack(images)), stacked("centre"), stacked("centre_known"),
            stacked("heat"), stacked("heat_known"), stacked("points"), stacked("labelled"),
            torch.from_numpy(np.concatenate(near)).long(),
            torch.tensor([part.area for part in parts]), people,
        )  # fmt: skip

    def names(self, batch: PoseBatch) -> list[str]:
        """See ``Divisible``."""
        return [f"{each.item.place}: person {each.person}" for each in batch.people]

    def part(self, batch: PoseBatch, count: int) -> PoseBatch:
        """See ``Divisible``."""
        values = {k: v if k == "near" else v[:count] for k, v in vars(batch).items()}
        values["near"] = batch.near[batch.near[:, 0] < count]
        return PoseBatch(**values)

    def loss(self, batch: PoseBatch) -> tuple[Tensor, int]:
        """See ``Task``."""
        return combined(self.network(batch.images), batch, self.config), len(batch.images)

    def finish_epoch(self) -> None:
        """See ``Task``."""

    def validate(self) -> Figures:
        """See ``Task``."""
        return judged(estimated(self.network, self.spec, self.validation, self.device))

    def calibrations(self) -> Calibrations:
        """See ``session.NetworkTask``."""
        samples = joint_samples(self.network, self.spec, self.validation, self.device)
        fit = fit_joints(samples, crops=True)
        return Calibrations(joints=None if fit is None else fit.record)


def combined(maps: Sequence[Tensor], batch: PoseBatch, config: PoseTrainConfig) -> Tensor:
    """The weighted sum of the losses of MoveNet's four maps."""
    centre, heat, regress, offset = maps
    of_heat = heat_focal if config.heat_loss == "focal" else heat_squared
    count, _, height, width = heat.shape
    total = config.heat_weight * of_heat(heat, batch.heat, batch.heat_known)
    total = total + config.centre_weight * of_heat(centre[:, 0], batch.centre, batch.centre_known)

    rows, joints = torch.nonzero(batch.labelled, as_tuple=True)
    points = batch.points[rows, joints]  # (M, 2) x, y
    cell = points.floor().long()
    x, y = cell[:, 0].clamp(0, width - 1), cell[:, 1].clamp(0, height - 1)
    pairs = offset.reshape(count, NUM_KEYPOINTS, 2, height, width)  # y, x
    found = pairs[rows, joints, :, y, x]
    wanted = (points - torch.stack((x, y), 1)).flip(1)
    total = total + config.offset_weight * absolute(found, wanted, torch.ones_like(found))

    window, cx, cy = batch.near.T
    pairs = regress.reshape(count, NUM_KEYPOINTS, 2, height, width)
    found = pairs.permute(0, 3, 4, 1, 2)[window, cy, cx]  # (K, 17, 2) y, x
    at = torch.stack((cx, cy), 1).float()[:, None]
    wanted = (batch.points[window] - at).flip(2)
    counts = batch.labelled[window][..., None].expand_as(found)
    total = total + config.regress_weight * absolute(found, wanted, counts)
    if config.oks_weight:
        places = found.flip(2) + at
        missed = missed_oks(
            places, batch.points[window], batch.labelled[window], batch.areas[window]
        )
        total = total + config.oks_weight * missed
    return total


Estimated = list[tuple[Annotations, FloatArray, FloatArray]]


def estimated(network: nn.Module, spec: ModelSpec, items: Sequence[Item], device: str) -> Estimated:
    """``estimated_by`` the network as a model."""
    was = network.training
    model = CropEstimator(spec, TorchNetwork(network, device), spec.decoder)  # type: ignore[arg-type] # a pose decoder
    found = estimated_by(model, items)
    network.train(was)
    return found


def estimated_by(model: PoseEstimator, items: Sequence[Item]) -> Estimated:
    """For every picture with poses: its labels, joints (N, 14, 2) and scores (N, 14), as the pose
    stage would find them in the true boxes.
    """
    found = []
    for item in items:
        if len(posed_people(item.labels)):
            ((points, scores),) = model.estimate([item.image()], [item.labels.boxes])
            found.append((item.labels, points, scores))
    return found


def judged(found: Estimated) -> Figures:
    """Share of labelled joints within half a head, and OKS AP as ``hie eval`` has it, on true
    boxes.
    """
    right = total = 0
    frames = []
    for labels, points, scores in found:
        for i in posed_people(labels):
            assert labels.keypoints is not None
            reach = HALF_HEAD * float(labels.boxes[i, 3] - labels.boxes[i, 1])
            distance = np.linalg.norm(points[i] - labels.keypoints[i], axis=-1)
            there = np.isfinite(distance)
            right += int((distance[there] <= reach).sum())
            total += int(there.sum())
        people = People(labels.boxes, scores.mean(1), None, points, scores)
        frames.append((labels, people))
    ap = oks_ap([collect_oks(frames, OksConfig())]).figures["AP"]
    return {"near": right / max(total, 1), "OKS_AP": ap if np.isfinite(ap) else 0.0}


def joint_samples(
    network: nn.Module, spec: ModelSpec, items: Sequence[Item], device: str
) -> Samples:
    """What ``models.calibration_fit.fit_joints`` needs, by video."""
    samples = Samples()
    for number, (labels, points, scores) in enumerate(estimated(network, spec, items, device)):
        assert labels.keypoints is not None
        for i in posed_people(labels):
            reach = HALF_HEAD * float(labels.boxes[i, 3] - labels.boxes[i, 1])
            group = "stills" if labels.image else str(number // 1000)
            samples.add_joints(group, points[i], scores[i], labels.keypoints[i], reach, 100.0)
    return samples
