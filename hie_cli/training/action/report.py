"""What a training of actions leaves behind: weights and model card."""

import dataclasses
import hashlib
from pathlib import Path

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.config import as_dict
from hie_cli.formats.files import atomic_write, write_json
from hie_cli.recognition.learned.card import CARD, WEIGHTS, Card
from hie_cli.training.action.learning import Trained
from hie_cli.training.action.settings import TrainConfig


def write_card(path: Path, card: Card) -> None:
    """Publish a card."""
    record = {**dataclasses.asdict(card), "actions": list(ACTIONS)}
    write_json(path, record)


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
