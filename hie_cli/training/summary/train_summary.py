"""``hie train summary``: a summariser from the field's data sets or from videos."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hie_cli.core import config as settings
from hie_cli.core.config import as_dict
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.progress import note
from hie_cli.models.runtime import resolve_device
from hie_cli.pipeline.inputs import Paths, path_texts
from hie_cli.retrieval.features import BACKBONE, Describer
from hie_cli.summary.dataset import SummaryVideo, read_datasets
from hie_cli.summary.evaluation import SummaryReport, load_benchmark
from hie_cli.summary.scorers import ctvsum
from hie_cli.summary.trained import CARD, NetworkShape, load_scorer, save_scorer
from hie_cli.training.engine import checkpoint
from hie_cli.training.engine.output import check_output, remove_previous
from hie_cli.training.summary.cycle_learning import train_cycle
from hie_cli.training.summary.data import described, held_out, is_dataset
from hie_cli.training.summary.gda import LearnVideo, train_gda
from hie_cli.training.summary.settings import SummaryTraining

_RESULTS = (CARD, checkpoint.NAME)  # by which a trained summariser is known


@dataclass(frozen=True)
class TrainedSummary:
    """A trained summariser: its folder, figures of its training by name, and with splits the table.

    A training with splits has a summariser per split, in ``folder``/split-0 and so on.
    """

    folder: Path
    numbers: dict[str, float]
    report: SummaryReport | None = None


def train_summary(
    data: Paths,
    *,
    output: Path | str = "out/summarizer",
    splits: Path | str | None = None,
    users: Path | str | None = None,
    share: float = 0.15,
    model: str = BACKBONE,
    config: settings.Files = None,
    set: settings.Sets = None,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
) -> TrainedSummary:
    """Learn to score samples: SUM-GDA, supervised or not, or Cycle-SUM (``set={"network": ...}``).

    data: ``.h5`` files of the field, or videos, from which only unsupervised learning is possible.
    splits: of ``.h5`` files; a summariser is trained on each split's train_keys and scored on its
    test_keys, beside the baselines and ctvsum, which makes the papers' tables; users, share: as in
    ``evaluate_summaries``. Other arguments as the options of ``hie train summary``. Raises
    ConfigError, InputError or ModelError for what can be wrong.
    """
    how = settings.load(SummaryTraining(), config, set)
    folder, paths = Path(output), path_texts(data)
    if not paths:
        raise ConfigError("nothing to learn from: give .h5 files or videos")
    field = is_dataset(paths)
    if splits is not None and not field:
        raise ConfigError("--splits are of .h5 files; give those as data")
    if users is not None and splits is None:
        raise ConfigError("--users are for the table of --splits; give both")
    supervised = how.network == "sum-gda" and how.gda.learn == "supervised"
    if supervised and not field:
        raise ConfigError("gda.learn supervised: videos have no scores to learn; give .h5 files")
    place = resolve_device(device)
    torch.set_num_threads(how.threads)
    if splits is not None:
        return _by_splits(paths, folder, how, Path(splits), users, share, place, resume, overwrite)
    check_output(folder, _RESULTS, resume=resume, overwrite=overwrite)
    backbone = ("", "")
    if field:
        videos = read_datasets([Path(path) for path in paths])
    else:
        describer = Describer(model, device)
        backbone = (describer.name, describer.sha256)
        videos = described(paths, folder, describer, share, again=resume)
    _check_learnable(videos, supervised)
    if overwrite:
        remove_previous(folder, _RESULTS)
    numbers = _trained(videos, folder, how, backbone, place, resume)
    return TrainedSummary(folder, numbers)


def _by_splits(
    paths: Sequence[str], folder: Path, how: SummaryTraining, splits: Path,
    users: Path | str | None, share: float, device: str, resume: bool, overwrite: bool,
) -> TrainedSummary:  # fmt: skip
    """A summariser per split, and the table; with ``resume`` finished splits are kept."""
    benchmark = load_benchmark([Path(path) for path in paths], splits, users, share)
    supervised = how.network == "sum-gda" and how.gda.learn == "supervised"
    places = [folder / f"split-{number}" for number in range(len(benchmark.splits))]
    for place in places:
        check_output(place, _RESULTS, resume=resume, overwrite=overwrite)
    all_numbers = []
    for place, split in zip(places, benchmark.splits, strict=True):
        if overwrite:
            remove_previous(place, _RESULTS)
        videos = [benchmark.videos[key] for key in split.train]
        note(f"{place}: {len(videos)} videos to learn from, {len(split.test)} to be judged by")
        _check_learnable(videos, supervised)
        all_numbers.append(_trained(videos, place, how, ("", ""), device, resume))
    scorers = [load_scorer(place) for place in places]
    name = how.network if how.network == "cycle-sum" else f"{how.network} {how.gda.learn}"
    rows = [
        benchmark.row(name, lambda number: lambda video: scorers[number].scores(video.features)),
        benchmark.row("ctvsum", lambda _: lambda video: ctvsum(video.features)),
    ]
    numbers = {
        key: float(np.mean([numbers[key] for numbers in all_numbers])) for key in all_numbers[0]
    }
    return TrainedSummary(folder, numbers, benchmark.report(rows))


def _check_learnable(videos: Sequence[SummaryVideo], supervised: bool) -> None:
    """InputError where scores are to be learned and a video has none."""
    without = next((video.key for video in videos if video.gtscore is None), None)
    if supervised and without is not None:
        raise InputError(f"{without}: has no gtscore to learn; set gda.learn=unsupervised")


def _trained(
    videos: Sequence[SummaryVideo], folder: Path, how: SummaryTraining, backbone: tuple[str, str],
    device: str, resume: bool,
) -> dict[str, float]:  # fmt: skip
    """Train into ``folder``, unless ``resume`` finds it trained; the figures of the last word."""
    gda, cycle = how.gda, how.cycle
    shape = NetworkShape(
        how.network, videos[0].features.shape[1], gda.width, cycle.hidden, cycle.layers,
        how.centred, gda.scale, gda.itself, gda.count_weights, gda.residual, gda.norm,
    )  # fmt: skip
    learnable = [LearnVideo(shape.inputs(video.features), video.gtscore) for video in videos]
    places = held_out(len(videos), how.validation, how.seed)
    training, validation = ([learnable[k] for k in part] for part in places)
    if how.network == "cycle-sum":
        made = train_cycle(training, validation, how, folder, device=device, resume=resume)
        state, figures = made.networks.selector.state_dict(), made.history[-1]
    else:
        network, learned = train_gda(
            training, validation, how, folder, device=device, resume=resume
        )
        state, figures = network.state_dict(), learned.history[learned.best_epoch]
    numbers = {name: round(float(value), 4) for name, value in figures.items()}
    if numbers.get("spread", 1.0) < 1e-3:
        note(f"{folder}: the scores hardly differ (spread {numbers['spread']}): it has collapsed")
    about: dict[str, object] = {
        "videos": len(videos), "numbers": numbers, "config": as_dict(how),
    }  # fmt: skip
    arrays = {name: value.cpu().numpy().astype(np.float32) for name, value in state.items()}
    save_scorer(folder, shape, arrays, *backbone, about)
    return numbers
