"""From features to codes: a trained hash head, or signs of projections where none is trained."""

import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.core.types import FloatArray
from hie_cli.formats.files import atomic_write
from hie_cli.retrieval.codes import pack_bits, sign_bits

WEIGHTS, CARD = "hash.safetensors", "card.json"
_KIND = "hie hash encoder"
_LARGEST_CARD = 1 << 20


@dataclass(frozen=True)
class HashEncoder:
    """Linear layers with ReLU between them; the signs of the last one's outputs are the code.

    backbone, backbone_sha256: the network whose features (D,) it takes · weights: (out, in) each ·
    biases: (out,) each · about: what else its card says, for people.
    """

    backbone: str
    backbone_sha256: str
    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]
    about: dict[str, Any]

    @property
    def bits(self) -> int:
        """Length of a code."""
        return len(self.biases[-1])

    @property
    def features(self) -> int:
        """D, how many features it takes."""
        return int(self.weights[0].shape[1])

    @property
    def sha256(self) -> str:
        """Of all its numbers: two encoders with the same give the same codes."""
        digest = hashlib.sha256(self.backbone_sha256.encode())
        for array in (*self.weights, *self.biases):
            digest.update(np.ascontiguousarray(array, np.float32).tobytes())
        return digest.hexdigest()

    def encode(self, features: FloatArray) -> NDArray[np.uint8]:
        """Packed codes (N, bits / 8) of features (N, D). ModelError for another D."""
        if features.shape[1] != self.features:
            raise ModelError(
                f"features of {features.shape[1]} numbers; the encoder takes {self.features}"
            )
        values = features
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = (np.maximum(values, 0) if k else values) @ weight.T + bias
        return pack_bits(sign_bits(values))


def projections(
    features: FloatArray, bits: int, backbone: str, backbone_sha256: str, seed: int = 0
) -> HashEncoder:
    """An encoder that needs no labels: signs of random orthogonal projections of centred features.

    features: (N, D), whose mean is the centre. Distances of codes then estimate angles between
    features seen from their mean (Charikar 2002). More bits than D are several orthogonal sets.
    """
    dimensions = features.shape[1]
    generator = np.random.default_rng(seed)
    sets = []
    for _ in range(-(-bits // dimensions)):
        basis, _r = np.linalg.qr(generator.normal(size=(dimensions, dimensions)))
        sets.append(basis.T)
    weight = np.concatenate(sets)[:bits].astype(np.float32)
    bias = -(weight @ features.mean(axis=0)).astype(np.float32)
    about = {"method": "random orthogonal projections", "centre": f"mean of {len(features)}"}
    return HashEncoder(backbone, backbone_sha256, (weight,), (bias,), about)


def save_encoder(folder: Path, encoder: HashEncoder) -> None:
    """``folder``/hash.safetensors and card.json."""
    from safetensors.numpy import save

    state = {}
    for k, (weight, bias) in enumerate(zip(encoder.weights, encoder.biases, strict=True)):
        state[f"layers.{k}.weight"] = np.ascontiguousarray(weight, np.float32)
        state[f"layers.{k}.bias"] = np.ascontiguousarray(bias, np.float32)
    data = save(state)
    record = {
        "kind": _KIND,
        "backbone": encoder.backbone,
        "backbone_sha256": encoder.backbone_sha256,
        "bits": encoder.bits,
        "sha256": hashlib.sha256(data).hexdigest(),
        "about": encoder.about,
    }
    with atomic_write(folder / WEIGHTS, "wb") as file:
        file.write(data)
    with atomic_write(folder / CARD) as file:
        file.write(json.dumps(record, indent=1) + "\n")


def load_encoder(folder: Path) -> HashEncoder:
    """The encoder of a folder; ModelError where there is none, or a damaged one."""
    from hie_cli.models.weights import checked_bytes, read_state

    card = folder / CARD
    again = "train it again with `hie train hash`"
    try:
        if card.stat().st_size > _LARGEST_CARD:
            raise ValueError
        record = json.loads(card.read_text(encoding="utf-8"))
        if record["kind"] != _KIND or not isinstance(record["about"], dict):
            raise ValueError
        backbone, its_sha256 = str(record["backbone"]), str(record["backbone_sha256"])
        bits, sha256 = int(record["bits"]), str(record["sha256"])
    except OSError as error:
        raise ConfigError(
            f"{card}: cannot be read ({error.strerror}); give a folder of `hie train hash`"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelError(f"{card}: not the card of a hash encoder; {again}") from None
    path = folder / WEIGHTS
    state = read_state(checked_bytes(path, sha256, again), str(path))
    count = len(state) // 2
    try:
        weights = tuple(np.asarray(state[f"layers.{k}.weight"], np.float32) for k in range(count))
        biases = tuple(np.asarray(state[f"layers.{k}.bias"], np.float32) for k in range(count))
    except KeyError:
        raise ModelError(f"{path}: not the layers of a hash encoder; {again}") from None
    if bits % 8 or not _fit(weights, biases, bits):
        raise ModelError(f"{path}: its layers do not fit each other and {bits} bits; {again}")
    return HashEncoder(backbone, its_sha256, weights, biases, record["about"])


def _fit(weights: tuple[FloatArray, ...], biases: tuple[FloatArray, ...], bits: int) -> bool:
    """Whether they are layers that follow each other and end in ``bits`` numbers, all finite."""
    layers = list(zip(weights, biases, strict=True))
    shapes = all(w.ndim == 2 and b.shape == w.shape[:1] for w, b in layers)
    if not layers or not shapes or len(biases[-1]) != bits:
        return False
    follow = all(before.shape[0] == after.shape[1] for before, after in pairwise(weights))
    return follow and all(bool(np.isfinite(array).all()) for array in (*weights, *biases))
