"""A trained summariser as a folder: its weights and a card that says what it takes."""

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.core.types import FloatArray
from hie_cli.core.vectors import unit_rows
from hie_cli.formats.files import atomic_write, write_json
from hie_cli.summary.scorers import centred

WEIGHTS, CARD = "summary.safetensors", "card.json"
_KIND = "hie summarizer"
_LARGEST_CARD = 1 << 20
NETWORKS = ("sum-gda", "cycle-sum")
_LARGEST = 1 << 14  # numbers of a feature, units of a layer


@dataclass(frozen=True)
class NetworkShape:
    """What of a network must be known to build it.

    network: sum-gda or cycle-sum (its recurrent selector) · features: D · width: of sum-gda's
    layers · hidden, layers: of the selector's LSTM · centred: whether
    features are seen from the video's mean · scale, itself, count_weights, residual, norm: of
    sum-gda.
    """

    network: str
    features: int
    width: int = 1024
    hidden: int = 300
    layers: int = 3
    centred: bool = False
    scale: float = 0.0
    itself: bool = False
    count_weights: bool = True
    residual: bool = False
    norm: bool = False

    def inputs(self, features: FloatArray) -> FloatArray:
        """Features (n, D) as the network takes them, float32."""
        made = centred(features) if self.centred else unit_rows(features)
        return np.ascontiguousarray(made, np.float32)

    def build(self, dropout: float = 0.0) -> Any:
        """The network, its weights random: to be trained or filled, never to be used as it is."""
        from hie_cli.summary.networks import RecurrentSelector, SumGda

        if self.network == "cycle-sum":
            return RecurrentSelector(self.features, self.hidden, self.layers)
        return SumGda(
            self.features, self.width, scale=self.scale, itself=self.itself,
            count_weights=self.count_weights, residual=self.residual, norm=self.norm,
            dropout=dropout,
        )  # fmt: skip


class TrainedScorer:
    """Scores (n,) of features (n, D) by a trained network.

    backbone, backbone_sha256: whose features it learned from; empty where they came from a file ·
    sha256: of its weights.
    """

    def __init__(
        self, shape: NetworkShape, module: Any, backbone: str, backbone_sha256: str,
        sha256: str = "",
    ) -> None:  # fmt: skip
        self.shape, self.backbone, self.backbone_sha256 = shape, backbone, backbone_sha256
        self.sha256 = sha256
        self._module = module.eval()

    def scores(self, features: FloatArray) -> FloatArray:
        """ModelError for features of another number."""
        import torch

        if features.shape[1] != self.shape.features:
            raise ModelError(
                f"features of {features.shape[1]} numbers; this summariser was trained on "
                f"{self.shape.features}; give its own backbone or data"
            )
        with torch.no_grad():
            found = self._module(torch.from_numpy(self.shape.inputs(features)))
        scores = found[0] if isinstance(found, tuple) else found
        made: FloatArray = scores.numpy().astype(np.float64)
        return made


def save_scorer(
    folder: Path, shape: NetworkShape, state: dict[str, FloatArray], backbone: str,
    backbone_sha256: str, about: dict[str, object],
) -> None:  # fmt: skip
    """``folder``/summary.safetensors and card.json; the card last."""
    from safetensors.numpy import save

    data = save({k: np.ascontiguousarray(v, np.float32) for k, v in state.items()})
    record = {
        "kind": _KIND,
        "shape": vars(shape),
        "backbone": backbone,
        "backbone_sha256": backbone_sha256,
        "sha256": hashlib.sha256(data).hexdigest(),
        "about": about,
    }
    with atomic_write(folder / WEIGHTS, "wb") as file:
        file.write(data)
    write_json(folder / CARD, record)


def load_scorer(folder: Path) -> TrainedScorer:
    """The summariser of a folder; ModelError where there is none, or a damaged one."""
    from hie_cli.models.weights import checked_bytes, fill, read_state

    card, again = folder / CARD, "train it again with `hie train summary`"
    try:
        if card.stat().st_size > _LARGEST_CARD:
            raise ValueError
        record = json.loads(card.read_text(encoding="utf-8"))
        if record["kind"] != _KIND:
            raise ValueError
        if record["shape"].keys() != {field.name for field in fields(NetworkShape)}:
            raise ValueError  # of another version: a default could be another network's
        shape = NetworkShape(**record["shape"])
        _check(shape)
        names = (record["backbone"], record["backbone_sha256"], record["sha256"])
        if not all(isinstance(name, str) for name in names):
            raise ValueError
    except OSError as error:
        raise ModelError(f"{card}: cannot be read ({error.strerror}); {again}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"{card}: not a summariser's card; {again}") from None
    data = checked_bytes(folder / WEIGHTS, names[2], again)
    module = shape.build()
    fill(module, read_state(data, str(folder / WEIGHTS)), str(folder / WEIGHTS))
    return TrainedScorer(shape, module, *names)


def _check(shape: NetworkShape) -> None:
    """ValueError for a shape that no training makes."""
    whole = (shape.features, shape.width, shape.hidden, shape.layers)
    if shape.network not in NETWORKS or not all(type(v) is int and v >= 1 for v in whole):
        raise ValueError
    if max(whole[:3]) > _LARGEST or shape.layers > 8 or not 0 <= float(shape.scale) < 1e6:
        raise ValueError


def is_trained(folder: Path) -> bool:
    """Whether a summariser was trained into this folder."""
    return (folder / CARD).is_file()


def require_backbone(scorer: TrainedScorer, folder: Path, name: str, sha256: str) -> None:
    """ConfigError where features come from another backbone than the summariser learned from."""
    if not scorer.backbone:
        raise ConfigError(
            f"{folder}: was trained on features of a file, not of a backbone of hie; "
            "it scores such files (hie summary eval)"
        )
    if (scorer.backbone, scorer.backbone_sha256) != (name, sha256):
        raise ConfigError(
            f"{folder}: was trained on {scorer.backbone}; give --model {scorer.backbone}"
        )
