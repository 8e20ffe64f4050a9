"""``hie train pose``: data, network, training, and the folder that is then a pose network."""

from pathlib import Path

from hie_cli.core import config as settings
from hie_cli.core.errors import InputError
from hie_cli.core.progress import note
from hie_cli.models.manifest import packaged
from hie_cli.training.data.samples import posed_people
from hie_cli.training.engine.network_folder import TrainedNetwork
from hie_cli.training.engine.settings import optimisation, with_rate
from hie_cli.training.pose.settings import PoseTrainConfig
from hie_cli.training.pose.task import PoseTask
from hie_cli.training.pose.trainable import TRAINABLE, beginning
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
    """Train a pose network on the data of a DATA.yaml; ``output`` is then a model by its path.

    start: a model of the same network to go on from: imported, or the folder of an earlier training
    (None: packaged weights; the authors' networks have none). Arguments as the options of ``hie
    train pose``. Raises ConfigError, InputError or ModelError for what can be wrong.
    """
    how = settings.load(PoseTrainConfig(), config, set)
    how = with_rate(how, TRAINABLE[how.network].learning_rate)
    with opened(data, how, output, device, resume=resume, overwrite=overwrite) as session:
        network = beginning(how.network, start).to(session.device)
        kind = TRAINABLE[how.network]
        for part in kind.stages(network) if how.frozen else ():
            part.requires_grad_(False)
        items = session.items(_STORED)
        task = kind.task(network, packaged(how.network), items, how, session.device)
        require_poses(task)
        note(f"{items.told}: {len(task.training)} people to learn from")
        session.begin()
        return trained(
            session, task, network, network, how.network, max(task.spec.input.size_wh), items, how,
            optimisation(how, how.select), {},
        )  # fmt: skip


def require_poses(task: PoseTask) -> None:
    """InputError unless both sides have somebody with a labelled joint."""
    sides = {
        "to train on": len(task.training),
        "to validate": sum(len(posed_people(item.labels)) for item in task.validation),
    }
    for name, count in sides.items():
        if count == 0:
            raise InputError(f"nobody {name} has labelled joints; check the truth's layout")
