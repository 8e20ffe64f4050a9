"""``hie train detect``: data, network, training, and the folder that is then a detector."""

from pathlib import Path

from torch import nn

from hie_cli.core import config as settings
from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import note
from hie_cli.models.manifest import packaged
from hie_cli.training.data.items import Items, require_people
from hie_cli.training.detect.pictures import PictureTask
from hie_cli.training.detect.settings import DetectTrainConfig
from hie_cli.training.detect.trainable import TRAINABLE, beginning, freeze
from hie_cli.training.engine.network_folder import TrainedNetwork
from hie_cli.training.engine.settings import optimisation, with_rate
from hie_cli.training.session import opened, trained

_STORED = 2.0  # sides that a stored picture's longer side has, so that it can be scaled up


def train_detect(
    data: Path | str,
    *,
    start: str | None = None,
    teacher: str | None = None,
    output: Path | str = "out/detector",
    config: settings.Files = None,
    set: settings.Sets = None,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
) -> TrainedNetwork:
    """Train a detector on the data of a DATA.yaml; ``output`` is then a model by its path.

    start: a model of the same network to go on from: imported, or the folder of an earlier training
    (None: packaged weights; the two-stage ones have none) · teacher: a detector to learn from as
    well. Arguments as the options of ``hie train detect``. Raises ConfigError, InputError or
    ModelError for what can be wrong.
    """
    how = settings.load(DetectTrainConfig(), config, set)
    how = with_rate(how, TRAINABLE[how.network].learning_rate)
    with opened(data, how, output, device, resume=resume, overwrite=overwrite) as session:
        network = beginning(how.network, start)
        items = session.items(round(_STORED * how.side))
        note(items.told)
        require_people(items, taught=teacher is not None)
        session.begin()
        freeze(network, how.network, how.frozen)
        task, learner = task_of(network.to(session.device), items, how, session.device, teacher)
        if how.select not in task.figures:
            raise ConfigError(f"select: {how.select}: {how.network} sees no joints; AP50 or AP")
        return trained(
            session, task, network, learner, how.network, how.side, items, how,
            optimisation(how, how.select, teacher=teacher), {"teacher": teacher},
        )  # fmt: skip


def task_of(
    network: nn.Module, items: Items, how: DetectTrainConfig, device: str, teacher: str | None
) -> tuple[PictureTask, nn.Module]:
    """The task, and the module whose weights are learned: the network, or it with its adapters."""
    if teacher is None:
        kind = TRAINABLE[how.network]
        return kind.task(network, packaged(how.network), items, how, device), network
    from hie_cli.training.distillation.taught import taught

    return taught(network, items, how, device, teacher)
