"""``hie train pose``: data, network, training, and the folder that is then a pose network."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from hie_cli.core import config as settings
from hie_cli.core.config import as_dict
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.progress import note
from hie_cli.models import registry
from hie_cli.models.calibration_fit import fit_joints
from hie_cli.models.manifest import packaged
from hie_cli.models.networks.movenet import SinglePose
from hie_cli.models.runtime import resolve_device
from hie_cli.training.data.items import Items, find_items, require_both
from hie_cli.training.data.mix import read_mix
from hie_cli.training.engine import distributed
from hie_cli.training.engine.loop import Optimisation, learn
from hie_cli.training.engine.network_folder import RESULTS, Result, TrainedNetwork, write_network
from hie_cli.training.engine.output import check_output, remove_previous
from hie_cli.training.engine.pixel_store import PixelFile
from hie_cli.training.engine.start import weights_of
from hie_cli.training.pose.settings import PoseTrainConfig
from hie_cli.training.pose.task import PoseTask, joint_samples

FREE = ("epochs", "patience", "threads", "workers")  # settings that may change on resume
FIGURES = ("near", "OKS_AP")
_STORED = 1280  # longer side of stored pictures: people are cut out of them


def train_pose(
    data: Path | str,
    *,
    start: str | None = None,
    output: Path | str = "out/pose-network",
    config: settings.Files = None,
    set: settings.Sets = None,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
) -> TrainedNetwork:
    """Train MoveNet Thunder or Lightning on the data of a DATA.yaml; ``output`` is then a model.

    start: the folder of an earlier training to go on from (None: the packaged weights). Arguments
    as the options of ``hie train pose``. Raises ConfigError, InputError or ModelError for what can
    be wrong.
    """
    how = settings.load(PoseTrainConfig(), config, set)
    folder, place = Path(output), distributed.local_device(resolve_device(device))
    torch.set_num_threads(how.threads)
    with distributed.group(place):
        if distributed.rank() == 0:
            check_output(folder, RESULTS, resume=resume, overwrite=overwrite)
        distributed.wait()
        mix = read_mix(data)
        torch.manual_seed(how.seed)
        network = beginning(how.network, start).to(place)
        if how.frozen:
            network.trunk.requires_grad_(False)
        with PixelFile(folder) as store:
            items = find_items(mix, store, _STORED)
            require_both(items)
            task = PoseTask(network, packaged(how.network), items, how, place)
            require_poses(task)
            note(f"{items.told}: {len(task.training)} people to learn from")
            if overwrite and distributed.rank() == 0:
                remove_previous(folder, RESULTS)
            distributed.wait()
            return _trained(network, task, items, how, folder, place, resume)


def require_poses(task: PoseTask) -> None:
    """InputError unless both sides have somebody with a labelled joint."""
    sides = {
        "to train on": len(task.training),
        "to validate": sum(item.labels.keypoints is not None for item in task.validation),
    }
    for name, count in sides.items():
        if count == 0:
            raise InputError(f"nobody {name} has labelled joints; check the truth's layout")


def _trained(
    network: SinglePose, task: PoseTask, items: Items, how: PoseTrainConfig, folder: Path,
    device: str, resume: bool,
) -> TrainedNetwork:  # fmt: skip
    before: dict[str, float] = {}
    if distributed.rank() == 0:
        before = {name: round(value, 4) for name, value in task.validate().items()}
        note("before: " + "  ".join(f"{k} {v:.3f}" for k, v in before.items()))
    learned = learn(network, task, optimisation(how), folder, device=device, resume=resume)
    figures = learned.history[learned.best_epoch]
    numbers = {
        "best_epoch": float(learned.best_epoch),
        **{name: round(figures[name], 4) for name in FIGURES},
    }
    done = TrainedNetwork(
        folder, "pose", numbers, before, how.select, len(learned.history), items.told
    )
    if distributed.rank() == 0:
        state = {k: v.detach().cpu() for k, v in network.state_dict().items()}
        fit = fit_joints(joint_samples(network, task.spec, task.validation, device), crops=True)
        joints = None if fit is None else fit.record
        side = task.spec.input.size_wh[0]
        result = Result(
            how.network, state, side, items.told, numbers, before, as_dict(how), joints=joints
        )
        write_network(folder, result, learned.history, FIGURES)
    distributed.wait()
    return done


def optimisation(how: PoseTrainConfig) -> Optimisation:
    """The engine's part of the settings."""
    values: dict[str, Any] = {k: v for k, v in as_dict(how).items() if k not in FREE}
    values["processes"] = distributed.processes()
    return Optimisation(
        how.epochs, how.learning_rate, how.weight_decay, how.warm_up, how.clip_gradient,
        how.patience, how.select, how.seed, json.dumps(values, sort_keys=True), how.accumulate,
        how.average,
    )  # fmt: skip


def beginning(network: str, start: str | None) -> SinglePose:
    """The network to begin with: packaged weights, or a trained folder's."""
    name = start or network
    spec = registry.find(name)
    built: nn.Module = weights_of(spec, name)
    if not isinstance(built, SinglePose) or spec.architecture != network:
        raise ConfigError(f"--start {start}: is a {spec.architecture}; set network to match")
    return built
