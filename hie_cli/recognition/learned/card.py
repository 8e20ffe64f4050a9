"""The model card beside a trained recogniser's weights: what it is, was trained on and reached."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hie_cli.core.action_classes import ACTIONS
from hie_cli.core.errors import ModelError
from hie_cli.core.records import read_record, texts
from hie_cli.recognition.learned.network_specs import NETWORKS
from hie_cli.recognition.learned.pose_clips import Sampling

WEIGHTS, CARD = "model.safetensors", "card.json"


@dataclass(frozen=True)
class Card:
    """``weights`` is the file's name beside the card; ``data`` and ``numbers`` are for people."""

    name: str
    network: str
    weights: str
    sha256: str
    sampling: Sampling
    data: str
    numbers: dict[str, float]
    config: dict[str, Any]


def read_card(path: Path) -> Card:
    """A card. Raises ModelError if it is missing, broken or of another program."""
    try:
        record = read_record(path)
        sampling = Sampling(float(record["sampling"]["rate"]), int(record["sampling"]["length"]))
        values = {f.name: record[f.name] for f in dataclasses.fields(Card)}
        card = Card(**{**values, "sampling": sampling})
        texts(card.name, card.network, card.weights, card.sha256, card.data)
        if not isinstance(card.config, dict) or not isinstance(card.numbers, dict):
            raise TypeError
        elsewhere = Path(card.weights).name != card.weights  # only a file beside it is opened
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); give a folder that "
            "`hie train action` wrote"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise ModelError(f"{path}: not a model card; train the model anew") from None
    if card.network not in NETWORKS or record.get("actions") != list(ACTIONS):
        raise ModelError(f"{path}: network {card.network!r} is not known here; update hie")
    if elsewhere or not card.weights:
        raise ModelError(f"{path}: weights {card.weights!r} lie elsewhere; expected a file name")
    return card
