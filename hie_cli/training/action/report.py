"""What a training leaves behind: csv log, curves, weights and model card."""

import csv
import dataclasses
import hashlib
import io
import json
from pathlib import Path

from hie_cli.core import libraries
from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.config import as_dict
from hie_cli.formats.files import atomic_write
from hie_cli.recognition.learned.card import CARD, WEIGHTS, Card
from hie_cli.training.action.learning import Trained
from hie_cli.training.action.settings import TrainConfig
from hie_cli.training.engine.loop import History


def write_card(path: Path, card: Card) -> None:
    """Publish a card."""
    record = {**dataclasses.asdict(card), "actions": list(ACTIONS)}
    with atomic_write(path) as file:
        file.write(json.dumps(record, indent=1) + "\n")


def write_log(folder: Path, history: History) -> None:
    """``log.csv``: one row per epoch."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(history[0]) if history else ["epoch"], lineterminator="\n")
    writer.writeheader()
    for row in history:
        writer.writerow({k: int(v) if k == "epoch" else f"{v:.6f}" for k, v in row.items()})
    with atomic_write(folder / "log.csv") as file:
        file.write(text.getvalue())


def write_curves(folder: Path, history: History) -> None:
    """``curves.png``: the loss, and the validation figures, over the epochs."""
    libraries.matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in history]
    left.plot(epochs, [row["loss"] for row in history], marker=".")
    left.set(title="training loss", xlabel="epoch")
    for name in ("macro_accuracy", "accuracy", "wf_mAP"):
        right.plot(epochs, [row[name] for row in history], marker=".", label=name)
    right.set(title="validation", xlabel="epoch", ylim=(0, 1))
    right.legend()
    with atomic_write(folder / "curves.png", "wb") as file:
        figure.savefig(file, format="png", dpi=100)


def write_model(
    folder: Path, trained: Trained, config: TrainConfig, name: str, data: str
) -> dict[str, float]:
    """``model.safetensors`` (half precision) and ``card.json``; gives the card's numbers."""
    from safetensors.torch import save

    half = {
        k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in trained.state.items()
    }
    weights = save(half)
    with atomic_write(folder / WEIGHTS, "wb") as file:
        file.write(weights)
    numbers = {
        "best_epoch": float(trained.best_epoch),
        "macro_accuracy": round(trained.quality.macro, 4),
        "accuracy": round(trained.quality.accuracy, 4),
        "wf_mAP": round(trained.quality.wf_map, 4),
    }
    digest = hashlib.sha256(weights).hexdigest()
    card = Card(
        name, config.model, WEIGHTS, digest, config.instants, data, numbers, as_dict(config)
    )
    write_card(folder / CARD, card)
    return numbers
