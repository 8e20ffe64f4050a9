"""``hie train action``: data, network, training, and what it leaves in the output folder."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from hie_cli.core import config as settings
from hie_cli.core.action_classes import ACTIONS, NUM_ACTIONS
from hie_cli.core.errors import ConfigError, InputError
from hie_cli.core.progress import note
from hie_cli.models.runtime import resolve_device
from hie_cli.recognition.learned.card import CARD
from hie_cli.recognition.learned.loading import load
from hie_cli.recognition.learned.network_specs import NetworkSpec
from hie_cli.training.action.data import chosen_labels, held_out, materials, within
from hie_cli.training.action.learning import SELECTED, train
from hie_cli.training.action.pixels import PixelStore
from hie_cli.training.action.report import write_model
from hie_cli.training.action.samples import Sample, counts, samples_of
from hie_cli.training.action.settings import TrainConfig
from hie_cli.training.action.simulated import simulated_samples
from hie_cli.training.engine import checkpoint, distributed
from hie_cli.training.engine.output import check_output, remove_previous
from hie_cli.training.engine.report import write_curves, write_log
from hie_cli.video.video_files import find_videos

VALIDATION_SCENES = 40  # at most; a fifth of the crowds to train on, but 8 at least
VALIDATION_FIRST = 100_000  # train styles, other crowds: the test styles stay untouched
_RESULTS = (CARD, checkpoint.NAME)  # by which a trained model is known


@dataclass(frozen=True)
class Data:
    """What to train on: see ``train_action``."""

    paths: Sequence[str | Path]
    truth: Path | None
    videos: Sequence[str | Path]
    held_out: Sequence[str]
    simulate: int
    cuts: Path | None = None


@dataclass(frozen=True)
class TrainedModel:
    """A trained recogniser: its folder, and the figures of its best epoch by name.

    ``selected_by``: the figure that chose the epoch · ``epochs``: how many were trained · ``data``:
    a sentence on what it was trained on.
    """

    folder: Path
    numbers: dict[str, float]
    selected_by: str
    epochs: int
    data: str


def train_action(
    data: Sequence[str | Path] = (),
    *,
    truth: Path | str | None = None,
    video: Sequence[str | Path] = (),
    val: Sequence[str] = (),
    simulate: int = 0,
    cuts: Path | str | None = None,
    start: str | None = None,
    distill: str | None = None,
    output: Path | str = "out/action-model",
    config: settings.Files = None,
    set: settings.Sets = None,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
) -> TrainedModel:
    """Train a recogniser of the 14 actions; ``output`` is then a model by its path.

    Arguments as the options of ``hie train action``. Writes log.csv, curves.png, model.safetensors,
    card.json and last.pt. Raises ConfigError, InputError or ModelError for what can be wrong.
    """
    given = Data(
        data, None if truth is None else Path(truth), video, val, simulate,
        None if cuts is None else Path(cuts),
    )  # fmt: skip
    return _trained(
        given, settings.load(TrainConfig(), config, set), start, distill, Path(output), device,
        resume, overwrite,
    )  # fmt: skip


def _trained(
    data: Data,
    config: TrainConfig,
    start: str | None,
    distill: str | None,
    output: Path,
    device: str,
    resume: bool,
    overwrite: bool,
) -> TrainedModel:
    """``train_action`` with its settings read."""
    method, _, teacher_folder = (distill or config.distill).partition(":")
    if method not in ("none", "self", "reg") or (method == "self") != bool(teacher_folder):
        raise ConfigError(f"--distill {distill}: expected reg, or self:FOLDER of a trained model")
    config = settings.load(config, None, {"distill": method})
    if not data.paths and not data.simulate:
        raise ConfigError("nothing to train on: give DATA, or --simulate N")
    kind, device = config.kind(), distributed.local_device(resolve_device(device))
    with distributed.group(device):
        if distributed.rank() == 0:
            check_output(output, _RESULTS, resume=resume, overwrite=overwrite)
        distributed.wait()
        torch.manual_seed(config.seed)
        network = _network(start, kind)
        teacher = _network(teacher_folder, kind).to(device).eval() if method == "self" else None
        with nullcontext() if kind.wanted is None else PixelStore(output) as store:
            training, validation, told = _samples(data, config, store)
            note(f"{len(training)} labelled frames to train on, {len(validation)} to validate")
            missing = classes_without(training, validation)
            if missing:
                note(missing)
            if store is not None:
                note(f"their pixels: {store.size / 1e6:.0f} MB in {output}, until training ends")
            if overwrite and distributed.rank() == 0:
                remove_previous(output, _RESULTS)
            distributed.wait()
            trained = train(
                network, training, validation, config, output,
                device=device, resume=resume, teacher=teacher,
            )  # fmt: skip
        numbers = {}
        if distributed.rank() == 0:
            write_log(output, trained.history)
            write_curves(output, trained.history, ("macro_accuracy", "accuracy", "wf_mAP"))
            numbers = write_model(output, trained, config, output.resolve().name, told)
        distributed.wait()
    chosen = SELECTED[config.select]
    return TrainedModel(output, numbers, chosen, len(trained.history), told)


def classes_without(training: Sequence[Sample], validation: Sequence[Sample]) -> str:
    """A line on the actions that nobody to train on shows though somebody to validate on does,
    and on those that nobody shows at all; empty if there are none.
    """
    learned, judged = (counts(part, NUM_ACTIONS) > 0 for part in (training, validation))
    asked = [name for name, a, b in zip(ACTIONS, learned, judged, strict=True) if b and not a]
    unseen = [name for name, a, b in zip(ACTIONS, learned, judged, strict=True) if not (a or b)]
    parts = [f"nobody to train on shows {', '.join(asked)}, though validation does"] * bool(asked)
    parts += [f"no sample of {', '.join(unseen)}: never given"] * bool(unseen)
    return "; ".join(parts)


def _network(start: str | None, kind: NetworkSpec) -> nn.Module:
    """The network to begin with: random, a trained folder's, or a public SlowFast checkpoint's."""
    if not start:
        return kind.build()
    if Path(start).is_file():
        from hie_cli.recognition.learned.slowfast import SlowFast
        from hie_cli.recognition.learned.video_weights import adopt, read_weights

        network = kind.build()
        if not isinstance(network, SlowFast):
            raise ConfigError(f"--start {start}: a file starts slowfast-r18 and -r50 only")
        adopt(network, read_weights(Path(start)), start)
        return network
    learned = load(start)
    if learned.kind != kind:
        raise ConfigError(f"{start}: is a {learned.kind}; expected a {kind}")
    return learned.network


def _samples(
    data: Data, config: TrainConfig, store: PixelStore | None
) -> tuple[list[Sample], list[Sample], str]:
    """Training and validation samples, and a sentence on where they come from."""
    training: list[Sample] = []
    validation: list[Sample] = []
    told: list[str] = []
    kind = config.kind()
    footage = None
    if kind.wanted is not None or data.videos:  # a network of poses learns the true frame rate
        footage = find_videos([str(path) for path in data.videos])
    paths = [Path(path) for path in data.paths]
    videos = list(materials(paths, data.truth, footage, poses=kind.defaults.needs_poses))
    if data.cuts is not None:
        videos = within(videos, data.cuts)
    apart = held_out([video.name for video in videos], data.held_out) if videos else set()
    for video in videos:
        found = list(samples_of(video, chosen_labels(video, config), kind, store))
        note(f"{video.name}: {len(found)} labelled frames")
        (validation if video.name in apart else training).extend(found)
    if videos:
        told.append(f"{len(videos) - len(apart)} videos, {len(apart)} held out")
    if data.simulate:
        training += simulated_samples("train", data.simulate, kind, store=store)
        told.append(f"{data.simulate} simulated crowds")
        if not videos:
            scenes = min(VALIDATION_SCENES, max(8, data.simulate // 5))
            validation += simulated_samples("train", scenes, kind, VALIDATION_FIRST, store)
            told.append("trained on simulation only, never on real people")
    if not training or not validation:
        raise InputError("no labelled frame to train or to validate on; check --truth and --val")
    return training, validation, "; ".join(told)
