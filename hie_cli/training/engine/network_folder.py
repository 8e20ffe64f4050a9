"""The folder of a trained detector or pose network: weights, card, log and curves."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from hie_cli.formats.files import atomic_write
from hie_cli.models.calibration import JointCalibration, ScoreCalibration
from hie_cli.models.manifest import packaged
from hie_cli.models.trained import CARD, WEIGHTS, Card
from hie_cli.training.engine import checkpoint
from hie_cli.training.engine.loop import History
from hie_cli.training.engine.report import write_curves, write_log, write_tensorboard

RESULTS = (CARD, checkpoint.NAME)  # by which a trained network is known


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network: its folder, task, and the figures of its best epoch by name.

    before: the same figures of the network that training began with · selected_by: the figure that
    chose the epoch · epochs: how many were trained · data: a sentence on what it was trained on.
    """

    folder: Path
    task: str
    numbers: dict[str, float]
    before: dict[str, float]
    selected_by: str
    epochs: int
    data: str


@dataclass(frozen=True)
class Result:
    """What is written: ``like``: the architecture's model; see ``Card`` for the rest."""

    like: str
    state: Mapping[str, Tensor]
    side: int
    data: str
    numbers: dict[str, float]
    before: dict[str, float]
    config: dict[str, Any]
    score: ScoreCalibration | None = None
    joints: JointCalibration | None = None


def write_network(folder: Path, result: Result, history: History, names: Sequence[str]) -> Card:
    """Write weights.safetensors (float32), card.json, log.csv and curves.png; the card."""
    from safetensors.torch import save

    weights = save({k: v.float().contiguous() for k, v in sorted(result.state.items())})
    with atomic_write(folder / WEIGHTS, "wb") as file:
        file.write(weights)
    base = packaged(result.like)
    manifest: dict[str, Any] = {
        "name": "trained",
        "like": result.like,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "licence": "that of its data and of the weights it began with",
        "origin": f"hie train {base.task}",
    }
    if base.input.any_size:  # its default is the side that it was trained at
        manifest["input_size"] = [result.side, result.side]
    if result.score is not None:
        manifest["score_calibration"] = list(result.score.coefficients)
        manifest["recall"] = list(result.score.recall)
        manifest["blur"] = result.score.blur
        manifest["raw_weight"] = result.score.raw_weight
    if result.joints is not None:
        manifest["joint_calibration"] = list(result.joints.coefficients)
    numbers = {**result.numbers, **{f"{k}_before": v for k, v in result.before.items()}}
    card = Card(base.task, manifest, result.data, numbers, result.config)
    with atomic_write(folder / CARD) as file:
        file.write(card.text())
    write_log(folder, history)
    write_curves(folder, history, names)
    write_tensorboard(folder, history)
    return card
