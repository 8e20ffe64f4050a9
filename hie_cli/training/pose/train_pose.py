"""``hie train pose``: data, network, training, and the folder that is then a pose network."""

from pathlib import Path

from torch import nn

from hie_cli.core import config as settings
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.progress import note
from hie_cli.models import registry
from hie_cli.models.manifest import packaged
from hie_cli.models.networks.movenet import SinglePose
from hie_cli.models.networks.simcc import SimCCPose, from_maps
from hie_cli.models.packaged import movenet
from hie_cli.models.packaged.movenet import SIMCC
from hie_cli.training.engine.network_folder import TrainedNetwork
from hie_cli.training.engine.settings import optimisation
from hie_cli.training.engine.start import weights_of
from hie_cli.training.pose.settings import PoseTrainConfig
from hie_cli.training.pose.simcc import SimCCTask
from hie_cli.training.pose.task import PoseTask
from hie_cli.training.session import opened, trained

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
    with opened(data, how, output, device, resume=resume, overwrite=overwrite) as session:
        network = beginning(how.network, start).to(session.device)
        if how.frozen and isinstance(network, SinglePose | SimCCPose):
            network.trunk.requires_grad_(False)
        items = session.items(_STORED)
        kind = SimCCTask if how.network == SIMCC.name else PoseTask
        task = kind(network, packaged(how.network), items, how, session.device)
        require_poses(task)
        note(f"{items.told}: {len(task.training)} people to learn from")
        session.begin()
        return trained(
            session, task, network, network, how.network, task.spec.input.size_wh[0], items, how,
            optimisation(how, how.select), {},
        )  # fmt: skip


def require_poses(task: PoseTask) -> None:
    """InputError unless both sides have somebody with a labelled joint."""
    sides = {
        "to train on": len(task.training),
        "to validate": sum(item.labels.keypoints is not None for item in task.validation),
    }
    for name, count in sides.items():
        if count == 0:
            raise InputError(f"nobody {name} has labelled joints; check the truth's layout")


def beginning(network: str, start: str | None) -> nn.Module:
    """The network to begin with: packaged weights, or a trained folder's."""
    if start is None and network == SIMCC.name:
        lightning = movenet.LIGHTNING_NETWORK.trained()
        assert isinstance(lightning, SinglePose)
        return from_maps(lightning)
    name = start or network
    spec = registry.find(name)
    if spec.task != "pose" or spec.architecture != network:
        raise ConfigError(f"--start {start}: is a {spec.architecture}; set network to match")
    return weights_of(spec, name)
