"""From features to codes: a trained hash head, or signs of projections where none is trained."""

import hashlib
import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.errors import ConfigError, ModelError
from hie_cli.core.types import FloatArray
from hie_cli.formats.files import atomic_write, write_json
from hie_cli.models.weights import State, checked_bytes, read_state
from hie_cli.retrieval.clips import ClipLayers, ClipSampling, fitting
from hie_cli.retrieval.codes import pack_bits, sign_bits

WEIGHTS, CARD = "hash.safetensors", "card.json"
_KIND = "hie hash encoder"
_LARGEST_CARD = 1 << 20
_MOST_FRAMES, _LONGEST_INTERVAL = 1000, 60.0  # of a clip, and seconds


@dataclass(frozen=True)
class HashEncoder:
    """Linear layers with ReLU between them; the signs of the last one's outputs are the code.

    backbone, backbone_sha256: the network whose features (D,) it takes · weights: (out, in) each ·
    biases: (out,) each · about: what else its card says, for people · clip: of an encoder of clips,
    what makes one vector of the features of a clip's frames; it codes those vectors.
    """

    backbone: str
    backbone_sha256: str
    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]
    about: dict[str, Any]
    clip: ClipLayers | None = None

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
        if self.clip is not None:
            digest.update(repr(self.clip.sampling).encode())
        for array in (*self.weights, *self.biases, *self._clip_arrays()):
            digest.update(np.ascontiguousarray(array, np.float32).tobytes())
        return digest.hexdigest()

    def _clip_arrays(self) -> list[FloatArray]:
        return [] if self.clip is None else [x for pair in self.clip.convolutions for x in pair]

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

    features: (N, D), of whose mean N / (N + 1) is the centre: the mean of a few is too near to
    each of them, and that of one is the one. Distances of codes then estimate angles between
    features seen from there (Charikar 2002). More bits than D are several orthogonal sets.
    """
    dimensions = features.shape[1]
    generator = np.random.default_rng(seed)
    sets = []
    for _ in range(-(-bits // dimensions)):
        basis, _r = np.linalg.qr(generator.normal(size=(dimensions, dimensions)))
        sets.append(basis.T)
    weight = np.concatenate(sets)[:bits].astype(np.float32)
    centre = features.mean(axis=0) * (len(features) / (len(features) + 1))
    bias = -(weight @ centre).astype(np.float32)
    about = {"method": "random orthogonal projections", "centre": f"mean of {len(features)}"}
    return HashEncoder(backbone, backbone_sha256, (weight,), (bias,), about)


def save_encoder(folder: Path, encoder: HashEncoder) -> None:
    """``folder``/hash.safetensors and card.json."""
    from safetensors.numpy import save

    state = {}
    for k, (weight, bias) in enumerate(zip(encoder.weights, encoder.biases, strict=True)):
        state[f"layers.{k}.weight"] = np.ascontiguousarray(weight, np.float32)
        state[f"layers.{k}.bias"] = np.ascontiguousarray(bias, np.float32)
    if encoder.clip is not None:
        for k, (weight, bias) in enumerate(encoder.clip.convolutions):
            state[f"convolutions.{k}.weight"] = np.ascontiguousarray(weight, np.float32)
            state[f"convolutions.{k}.bias"] = np.ascontiguousarray(bias, np.float32)
    data = save(state)
    record = {
        "kind": _KIND,
        "backbone": encoder.backbone,
        "backbone_sha256": encoder.backbone_sha256,
        "bits": encoder.bits,
        "clip": None if encoder.clip is None else asdict(encoder.clip.sampling),
        "sha256": hashlib.sha256(data).hexdigest(),
        "about": encoder.about,
    }
    with atomic_write(folder / WEIGHTS, "wb") as file:
        file.write(data)
    write_json(folder / CARD, record)


def load_encoder(folder: Path, again: str = "train it again with `hie train hash`") -> HashEncoder:
    """The encoder of a folder; ConfigError where there is none, ModelError for a damaged one.

    again: what to do about a damaged one.
    """
    card = folder / CARD
    try:
        if card.stat().st_size > _LARGEST_CARD:
            raise ValueError
        record = json.loads(card.read_text(encoding="utf-8"))
        if record["kind"] != _KIND or not isinstance(record["about"], dict):
            raise ValueError
        backbone, its_sha256 = str(record["backbone"]), str(record["backbone_sha256"])
        bits, sha256 = int(record["bits"]), str(record["sha256"])
        sampling = None if record.get("clip") is None else _sampling(record["clip"])
    except OSError as error:
        raise ConfigError(
            f"{card}: cannot be read ({error.strerror}); give a folder of `hie train hash`"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelError(f"{card}: not the card of a hash encoder; {again}") from None
    path = folder / WEIGHTS
    state = read_state(checked_bytes(path, sha256, again), str(path))
    layers, convolutions = _pairs(state, "layers"), _pairs(state, "convolutions")
    if 2 * len(layers) + 2 * len(convolutions) != len(state):
        raise ModelError(f"{path}: not the layers of a hash encoder; {again}")
    weights, biases = tuple(pair[0] for pair in layers), tuple(pair[1] for pair in layers)
    clip = None
    sound = not bits % 8 and _fit(weights, biases, bits)
    if sampling is not None and sound and (sound := fitting(convolutions)):
        clip = ClipLayers(sampling, convolutions)
        sound = clip.features == weights[0].shape[1]
    if not sound:
        raise ModelError(f"{path}: its layers do not fit each other and {bits} bits; {again}")
    return HashEncoder(backbone, its_sha256, weights, biases, record["about"], clip)


def _sampling(record: dict[str, Any]) -> ClipSampling:
    """Raises ValueError, KeyError or TypeError for what is no such record."""
    frames, interval = int(record["frames"]), float(record["interval"])
    if not 1 <= frames <= _MOST_FRAMES or not 0 < interval <= _LONGEST_INTERVAL:
        raise ValueError
    return ClipSampling(frames, interval)


def _pairs(state: State, name: str) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Weights and biases of the layers ``name``.0, ``name``.1, ... as far as there are any."""
    found: list[tuple[FloatArray, FloatArray]] = []
    while (weight := state.get(f"{name}.{len(found)}.weight")) is not None:
        bias = state.get(f"{name}.{len(found)}.bias")
        if bias is None:
            break
        found.append((np.asarray(weight, np.float32), np.asarray(bias, np.float32)))
    return tuple(found)


def _fit(weights: tuple[FloatArray, ...], biases: tuple[FloatArray, ...], bits: int) -> bool:
    """Whether they are layers that follow each other and end in ``bits`` numbers, all finite."""
    layers = list(zip(weights, biases, strict=True))
    shapes = all(w.ndim == 2 and b.shape == w.shape[:1] for w, b in layers)
    if not layers or not shapes or len(biases[-1]) != bits:
        return False
    follow = all(before.shape[0] == after.shape[1] for before, after in pairwise(weights))
    return follow and all(bool(np.isfinite(array).all()) for array in (*weights, *biases))
