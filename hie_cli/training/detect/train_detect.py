"""``hie train detect``: data, network, training, and the folder that is then a detector."""

import dataclasses
from pathlib import Path
from typing import Any

import torch
from torch import nn

from hie_cli.core import config as settings
from hie_cli.core.config import as_dict
from hie_cli.core.errors import ConfigError
from hie_cli.core.progress import note
from hie_cli.models import registry
from hie_cli.models.calibration_fit import Fit, fit_scores
from hie_cli.models.networks.nanodet import NanoDet
from hie_cli.models.packaged import nanodet
from hie_cli.models.runtime import resolve_device
from hie_cli.training.data.items import Items, find_items, require_both
from hie_cli.training.data.mix import read_mix
from hie_cli.training.detect.settings import DetectTrainConfig
from hie_cli.training.detect.slices import half_of
from hie_cli.training.detect.task import DetectTask, calibration_samples, fingerprint
from hie_cli.training.engine import distributed
from hie_cli.training.engine.loop import Learned, Optimisation, learn
from hie_cli.training.engine.network_folder import RESULTS, Result, TrainedNetwork, write_network
from hie_cli.training.engine.output import check_output, remove_previous
from hie_cli.training.engine.pixel_store import PixelFile
from hie_cli.training.engine.start import weights_of

FREE = ("epochs", "patience", "threads", "workers")  # settings that may change on resume
FIGURES = ("AP50", "AP", "recall")
_STORED = 2.0  # sides that a stored picture's longer side has, so that it can be scaled up
_BLUR = nanodet.SPEC.score.blur if nanodet.SPEC.score is not None else 0.0


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
    """Train NanoDet on the data of a DATA.yaml; ``output`` is then a detector by its path.

    start: the folder of an earlier training to go on from (None: the packaged weights) · teacher: a
    detector to learn from as well. Arguments as the options of ``hie train detect``. Raises
    ConfigError, InputError or ModelError for what can be wrong.
    """
    how = settings.load(DetectTrainConfig(), config, set)
    folder, place = Path(output), distributed.local_device(resolve_device(device))
    torch.set_num_threads(how.threads)
    with distributed.group(place):
        if distributed.rank() == 0:
            check_output(folder, RESULTS, resume=resume, overwrite=overwrite)
        distributed.wait()
        mix = read_mix(data)
        torch.manual_seed(how.seed)
        network = beginning(how.network, start)
        with PixelFile(folder) as store:
            items = find_items(mix, store, round(_STORED * how.side))
            require_both(items)
            note(items.told)
            if overwrite and distributed.rank() == 0:
                remove_previous(folder, RESULTS)
            distributed.wait()
            return _trained(network, items, how, folder, place, teacher, resume)


def _trained(
    network: NanoDet, items: Items, how: DetectTrainConfig, folder: Path, device: str,
    teacher: str | None, resume: bool,
) -> TrainedNetwork:  # fmt: skip
    freeze(network, how.frozen)
    task, learner = task_of(network.to(device), items, how, device, teacher)
    before = {}
    if distributed.rank() == 0:
        before = _rounded(task.validate())
        note("before: " + "  ".join(f"{k} {v:.3f}" for k, v in before.items()))
    learned = learn(learner, task, optimisation(how, teacher), folder, device=device, resume=resume)
    state = {k: v.detach().cpu() for k, v in network.state_dict().items()}
    numbers = {"best_epoch": float(learned.best_epoch), **_best(learned)}
    done = TrainedNetwork(
        folder, "detect", numbers, before, how.select, len(learned.history), items.told
    )
    if distributed.rank() == 0:
        calibration = calibrated(network, items, how, device)
        record = (
            None if calibration is None else dataclasses.replace(calibration.record, blur=_BLUR)
        )
        write_network(
            folder,
            Result(
                how.network, state, how.side, items.told, numbers, before,
                {**as_dict(how), "teacher": teacher}, record,
            ),
            learned.history,
            FIGURES,
        )  # fmt: skip
    distributed.wait()
    return done


def task_of(
    network: NanoDet, items: Items, how: DetectTrainConfig, device: str, teacher: str | None
) -> tuple[DetectTask, nn.Module]:
    """The task, and the module whose weights are learned: the network, or it with its adapters."""
    if teacher is None:
        return DetectTask(network, items, how, device), network
    from hie_cli.training.distillation.taught import taught

    return taught(network, items, how, device, teacher)


def optimisation(how: DetectTrainConfig, teacher: str | None) -> Optimisation:
    """The engine's part of the settings."""
    values: dict[str, Any] = {**as_dict(how), "teacher": teacher}
    return Optimisation(
        how.epochs, how.learning_rate, how.weight_decay, how.warm_up, how.clip_gradient,
        how.patience, how.select, how.seed, fingerprint(how, FREE, values), how.accumulate,
        how.average,
    )  # fmt: skip


def beginning(network: str, start: str | None) -> NanoDet:
    """The network to begin with: packaged weights, slices of them, or a trained folder's."""
    if start is None:
        whole = nanodet.NETWORK.trained()
        assert isinstance(whole, NanoDet)
        return whole if network == "nanodet" else half_of(whole)
    spec = registry.find(start)
    built = weights_of(spec, start)
    width = {"nanodet": 128, "nanodet-half": 64}[network]
    if not isinstance(built, NanoDet) or built.width != width:
        raise ConfigError(f"--start {start}: is a {spec.architecture}; set network to match")
    return built


def freeze(network: NanoDet, stages: int) -> None:
    """Keep the stem and the first ``stages`` stages as they are."""
    parts = [network.stem, network.stage1, network.stage2, network.stage3, network.stage4]
    for part in parts[: stages + 1] if stages else ():
        part.requires_grad_(False)


def calibrated(network: NanoDet, items: Items, how: DetectTrainConfig, device: str) -> Fit | None:
    """What the scores mean, fitted on validation; None for too few people there."""
    samples = calibration_samples(network, items.validation, how.side, device)
    return fit_scores(samples, nanodet.SPEC.score)


def _best(learned: Learned) -> dict[str, float]:
    figures = learned.history[learned.best_epoch]
    return {name: round(figures[name], 4) for name in FIGURES}


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}
