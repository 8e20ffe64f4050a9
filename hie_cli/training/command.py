"""``hie train action``: data, network, training, and what it leaves in the output folder."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from hie_cli import config as settings
from hie_cli.errors import ConfigError, InputError
from hie_cli.models.runtime import resolve_device
from hie_cli.progress import note, set_quiet
from hie_cli.recognition_models.card import CARD
from hie_cli.recognition_models.kinds import kind_of
from hie_cli.recognition_models.loading import load
from hie_cli.training import checkpoint
from hie_cli.training.data import Material, material_samples, materials
from hie_cli.training.loop import train
from hie_cli.training.report import write_curves, write_log, write_model
from hie_cli.training.samples import Sample
from hie_cli.training.settings import TrainConfig
from hie_cli.training.simulated import simulated_samples

VALIDATION_SCENES = 40
VALIDATION_FIRST = 100_000  # train styles, other crowds: the test styles stay untouched


def run(
    data: Sequence[str],
    truth: Path | None,
    held_out: Sequence[str],
    simulate: int,
    start: str | None,
    distill: str | None,
    output: Path,
    config_files: Sequence[Path],
    sets: Sequence[str],
    device: str,
    resume: bool,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Train and write log.csv, curves.png, model.safetensors, card.json and last.pt to ``output``.

    Raises ConfigError, InputError or ModelError for what a user can get wrong.
    """
    set_quiet(quiet)
    config = settings.load(TrainConfig(), config_files, sets)
    method, _, teacher_folder = (distill or config.distill).partition(":")
    if method not in ("none", "self", "reg") or (method == "self") != bool(teacher_folder):
        raise ConfigError(f"--distill {distill}: expected reg, or self:FOLDER of a trained model")
    config = settings.load(config, (), [f"distill={method}"])
    _check_output(output, resume, overwrite)
    if not data and not simulate:
        raise ConfigError("nothing to train on: give DATA, or --simulate N")
    if resume and overwrite:
        raise ConfigError("--resume and --overwrite exclude each other")
    training, validation, told = _samples(data, truth, held_out, simulate, config)
    torch.manual_seed(config.seed)
    network = _network(start, config)
    place = resolve_device(device)
    teacher = _network(teacher_folder, config).to(place).eval() if method == "self" else None
    note(f"{len(training)} labelled frames to train on, {len(validation)} to validate")
    trained = train(
        network, training, validation, config, output,
        device=place, resume=resume, teacher=teacher,
    )  # fmt: skip
    write_log(output, trained.history)
    write_curves(output, trained.history)
    numbers = write_model(output, trained, config, output.resolve().name, told)
    print(json.dumps({"folder": str(output), **numbers}))


def _check_output(output: Path, resume: bool, overwrite: bool) -> None:
    there = [name for name in (CARD, checkpoint.NAME) if (output / name).exists()]
    if overwrite:
        for name in there:
            (output / name).unlink()
    elif there and not resume:
        raise ConfigError(
            f"{output / there[0]}: already there; --resume, --overwrite or another --output"
        )


def _network(start: str | None, config: TrainConfig) -> nn.Module:
    if not start:
        return kind_of(config.model, config.sampling, {}).build()
    learned = load(start)
    if learned.card.network != config.model or learned.card.sampling != config.sampling:
        raise ConfigError(
            f"{start}: a {learned.card.network} sampled {learned.card.sampling}; "
            f"expected {config.model} sampled {config.sampling}"
        )
    return learned.network


def _samples(
    data: Sequence[str],
    truth: Path | None,
    held_out: Sequence[str],
    simulate: int,
    config: TrainConfig,
) -> tuple[list[Sample], list[Sample], str]:
    """Training and validation samples, and a sentence on where they come from."""
    training: list[Sample] = []
    validation: list[Sample] = []
    told: list[str] = []
    videos = list(materials([Path(path) for path in data], truth)) if data else []
    names = {video.name for video in videos}
    for name in held_out:
        if name not in names:
            raise InputError(
                f"--val {name}: no such video in the data ({', '.join(sorted(names))})"
            )
    if videos and not held_out:
        raise ConfigError("--val: name the videos to hold out for validation (repeatable)")
    for video in videos:
        (validation if video.name in held_out else training).extend(_quiet_samples(video, config))
    if videos:
        told.append(f"{len(videos) - len(set(held_out))} videos, {len(set(held_out))} held out")
    if simulate:
        training += simulated_samples("train", simulate, config.sampling)
        told.append(f"{simulate} simulated crowds")
        if not videos:
            validation += simulated_samples(
                "train", VALIDATION_SCENES, config.sampling, VALIDATION_FIRST
            )
            told.append("trained on simulation only, never on real people")
    if not training or not validation:
        raise InputError("no labelled frame to train or to validate on; check --truth and --val")
    return training, validation, "; ".join(told)


def _quiet_samples(video: Material, config: TrainConfig) -> list[Sample]:
    found = material_samples(video, config)
    note(f"{video.name}: {len(found)} labelled frames")
    return found
