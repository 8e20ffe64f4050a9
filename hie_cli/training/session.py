"""How a training of a detector or a pose network opens and ends."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from hie_cli.core.config import as_dict
from hie_cli.core.progress import note
from hie_cli.models.calibration import JointCalibration, ScoreCalibration
from hie_cli.models.manifest import packaged
from hie_cli.models.runtime import resolve_device
from hie_cli.training.data.items import Items, find_items, require_both
from hie_cli.training.data.mix import Mix, read_mix
from hie_cli.training.engine import distributed
from hie_cli.training.engine.loop import Figures, Optimisation, Task, learn
from hie_cli.training.engine.network_folder import RESULTS, Result, TrainedNetwork, write_network
from hie_cli.training.engine.output import check_output, remove_previous
from hie_cli.training.engine.pixel_store import PixelFile
from hie_cli.training.engine.settings import LoopSettings


@dataclass(frozen=True)
class Calibrations:
    """What scores of people and of joints mean, fitted on validation; None for too few."""

    score: ScoreCalibration | None = None
    joints: JointCalibration | None = None


class NetworkTask(Task, Protocol):
    """A task whose network becomes a model."""

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of what ``validate`` gives."""

    def calibrations(self) -> Calibrations:
        """Fitted on validation, with the weights as they are."""


@dataclass(frozen=True)
class Session:
    """An output folder, a device, and the data's description, while a training is open."""

    folder: Path
    device: str
    mix: Mix
    store: PixelFile
    resume: bool
    overwrite: bool

    def items(self, long_side: int) -> Items:
        """Every labelled picture; InputError unless there are some to train on and to validate."""
        found = find_items(self.mix, self.store, long_side)
        require_both(found)
        return found

    def begin(self) -> None:
        """Data and settings are known good: take away what is replaced."""
        if self.overwrite and distributed.rank() == 0:
            remove_previous(self.folder, RESULTS)
        distributed.wait()


@contextmanager
def opened(
    data: Path | str, how: LoopSettings, output: Path | str, device: str, *, resume: bool,
    overwrite: bool,
) -> Iterator[Session]:  # fmt: skip
    """Seeded, the output checked, with the other processes if there are any.

    Raises ConfigError for an output that cannot be used, InputError for a damaged DATA.yaml.
    """
    folder, place = Path(output), distributed.local_device(resolve_device(device))
    torch.set_num_threads(how.threads)
    with distributed.group(place):
        if distributed.rank() == 0:
            check_output(folder, RESULTS, resume=resume, overwrite=overwrite)
        distributed.wait()
        mix = read_mix(data)
        torch.manual_seed(how.seed)
        with PixelFile(folder) as store:
            yield Session(folder, place, mix, store, resume, overwrite)


def trained(
    session: Session, task: NetworkTask, network: nn.Module, learner: nn.Module, like: str,
    side: int, items: Items, how: LoopSettings, optimisation: Optimisation,
    config: Mapping[str, Any],
) -> TrainedNetwork:  # fmt: skip
    """Train ``learner``, of which ``network`` is (a part of) what is kept, and write the folder.

    like: the architecture · config: settings for the card, beside ``how``.
    """
    before: Figures = {}
    if distributed.rank() == 0:
        before = _rounded(task.validate(), task.figures)
        note("before: " + "  ".join(f"{k} {v:.3f}" for k, v in before.items()))
    learned = learn(
        learner, task, optimisation, session.folder, device=session.device, resume=session.resume
    )
    best = _rounded(learned.history[learned.best_epoch], task.figures)
    numbers = {"best_epoch": float(learned.best_epoch), **best}
    told = packaged(like).task
    done = TrainedNetwork(
        session.folder, told, numbers, before, optimisation.select, len(learned.history), items.told
    )
    if distributed.rank() == 0:
        state = {k: v.detach().cpu() for k, v in network.state_dict().items()}
        fitted = task.calibrations()
        result = Result(
            like, state, side, items.told, numbers, before, {**as_dict(how), **config},
            fitted.score, fitted.joints,
        )  # fmt: skip
        write_network(session.folder, result, learned.history, task.figures)
    distributed.wait()
    return done


def _rounded(figures: Figures, names: Sequence[str]) -> Figures:
    return {name: round(figures[name], 4) for name in names}
