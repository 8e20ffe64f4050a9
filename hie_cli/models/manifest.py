"""The manifest of an imported model: what a weights file does not say about itself.

A YAML file of flat keys: those of ``Manifest``, and those of the decoder that it names (the fields
of its class in ``decoders.layouts``).
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from hie_cli.core import config
from hie_cli.core.errors import ConfigError, ModelError, nearest
from hie_cli.core.yaml_files import read_yaml
from hie_cli.models.calibration import JointCalibration, ScoreCalibration
from hie_cli.models.decoders.layouts import LAYOUTS, Layout
from hie_cli.models.network_files import OnnxFile, OwnWeights
from hie_cli.models.packaged import MODELS, UNTRAINED, network_of
from hie_cli.models.parts import EmbeddingDecoder, PeopleDecoder, PoseDecoder
from hie_cli.models.spec import InputSpec, ModelSpec

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Manifest:
    """The keys that every imported model may have; ValueError for values that make no sense.

    ``decoder`` (an ONNX file's layout) or ``like`` (weights for the network of that packaged
    model). Input: as ``spec.InputSpec``. ``score_calibration``, ``recall``, ``blur``,
    ``raw_weight`` and ``joint_calibration``: as ``calibration``'s records, empty where not fitted;
    ``cost``: as ``spec.ModelSpec``, 0 where not measured.
    """

    name: str = ""
    sha256: str = ""
    licence: str = ""
    origin: str = ""
    decoder: str = ""
    like: str = ""
    input_size: tuple[int, ...] = ()
    resize: Literal["letterbox", "stretch", "fit"] = "letterbox"
    any_size: bool = False
    colour: Literal["bgr", "rgb"] = "bgr"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    padding: int = 114
    context: float = 1.25
    batch: int = 0
    batched: bool = True
    score_calibration: tuple[float, ...] = ()
    recall: tuple[float, ...] = ()
    blur: float = 0.0
    raw_weight: float = 0.0
    joint_calibration: tuple[float, ...] = ()
    cost: float = 0.0

    def __post_init__(self) -> None:
        checks = (
            ("name", not self.name or _NAME.fullmatch(self.name),
             "lower-case letters, digits, dots, dashes and underscores"),
            ("sha256", not self.sha256 or _SHA256.fullmatch(self.sha256),
             "the file's 64 hexadecimal digits (sha256sum FILE)"),
            ("input_size", not self.input_size or _size(self.input_size),
             "[width, height] in pixels, 32..4096 each"),
            ("std", all(value > 0 for value in self.std), "three numbers above 0"),
            ("padding", 0 <= self.padding <= 255, "0..255"),
            ("context", 1 <= self.context <= 3, "1..3"),
            ("batch", 0 <= self.batch <= 1024, "0..1024"),
            ("score_calibration", len(self.score_calibration) in (0, 4), "4 coefficients"),
            ("joint_calibration", len(self.joint_calibration) in (0, 3), "3 coefficients"),
            ("raw_weight", 0 <= self.raw_weight <= 1, "0..1"),
            ("cost", 0 <= self.cost <= 1e6, "a number from 0"),
        )  # fmt: skip
        for key, good, wanted in checks:
            if not good:
                raise ValueError(f"{key}: {repr(getattr(self, key))[:60]}, expected {wanted}")


@dataclass(frozen=True)
class Described:
    """A checked manifest, and its decoder (None with ``like``)."""

    manifest: Manifest
    layout: Layout | None

    @property
    def file_name(self) -> str:
        """What the model's file is called in its folder."""
        return "weights.safetensors" if self.layout is None else "model.onnx"

    def values(self) -> dict[str, Any]:
        """The manifest as a flat mapping of plain values; those left at their default are out."""
        parts = (self.manifest,) if self.layout is None else (self.manifest, self.layout)
        found: dict[str, Any] = {}
        for part in parts:
            required = getattr(part, "required", ())
            for field in dataclasses.fields(part):  # type: ignore[arg-type] # layouts are dataclasses
                value = getattr(part, field.name)
                if value != field.default or field.name in required:
                    found[field.name] = list(value) if isinstance(value, tuple) else value
        return found

    def spec(self, folder: Path) -> ModelSpec:
        """The model whose file lies in ``folder``."""
        m = self.manifest
        path = folder / self.file_name
        score = None
        if m.score_calibration:
            b0, b1, b2, b3 = m.score_calibration
            score = ScoreCalibration((b0, b1, b2, b3), m.recall, m.blur, m.raw_weight)
        joints = None
        if m.joint_calibration:
            joints = JointCalibration(m.joint_calibration[:3])  # type: ignore[arg-type] # checked
        if self.layout is None:
            like = packaged(m.like)
            size = like.input.size_wh
            if m.input_size:
                size = m.input_size[0], m.input_size[1]
            return dataclasses.replace(
                like,
                name=m.name,
                input=dataclasses.replace(like.input, size_wh=size),
                network=OwnWeights(path, m.sha256, network_of(like)),
                score=score or like.score,
                joints=joints or like.joints,
                licence=m.licence,
                source=m.origin,
                summary=f"imported, like {m.like}",
                packaged=False,
            )
        width, height = m.input_size
        crop = self.layout.task != "detect"
        return ModelSpec(
            name=m.name,
            task=self.layout.task,
            network=OnnxFile(path, m.sha256),
            architecture=m.decoder,
            input=InputSpec(
                (width, height), "crop" if crop else m.resize, m.any_size and not crop, m.colour,
                m.mean, m.std, m.padding, m.context, m.batch, m.batched,
            ),
            decoder=cast(PeopleDecoder | PoseDecoder | EmbeddingDecoder, self.layout),
            score=score,
            joints=joints,
            cost=m.cost or None,
            licence=m.licence,
            source=m.origin,
            summary=f"imported, {m.decoder} ONNX",
        )  # fmt: skip


def packaged(name: str) -> ModelSpec:
    """The packaged (or untrained) model called ``name``, which exists."""
    return next(model for model in (*MODELS, *UNTRAINED) if model.name == name)


def read(path: Path) -> Described:
    """The manifest file ``path`` (YAML); ModelError names the key that is wrong, and how."""
    return parse(read_yaml(path, ModelError)[0], str(path))


def parse(data: Mapping[Any, Any], origin: str) -> Described:
    """``data`` checked; ``origin`` begins every error (ModelError)."""
    given = {str(key): value for key, value in data.items() if value is not None}
    decoder, like = given.get("decoder"), given.get("like")
    if (decoder is None) == (like is None):
        raise ModelError(f"{origin}: give either decoder (ONNX) or like (weights of our networks)")
    names = [model.name for model in (*MODELS, *UNTRAINED)]
    if like is not None and like not in names:
        raise ModelError(f"{origin}: like: {repr(like)[:60]} is not one of {', '.join(names)}")
    if decoder is not None and (not isinstance(decoder, str) or decoder not in LAYOUTS):
        raise ModelError(
            f"{origin}: decoder: {repr(decoder)[:60]} is not one of {', '.join(LAYOUTS)}"
        )
    layout = None if decoder is None else LAYOUTS[decoder]
    common = [field.name for field in dataclasses.fields(Manifest)]
    own = [f.name for f in dataclasses.fields(layout)] if layout else []  # type: ignore[arg-type]
    for key in given:
        if key not in common and key not in own:
            hint = nearest(key, [*common, *own])
            raise ModelError(f"{origin}: {key}: unknown key{hint}")
    needed = ("name", "sha256", "licence", *(("input_size", *layout.required) if layout else ()))
    for key in needed:
        if given.get(key) in (None, "", []):
            raise ModelError(f"{origin}: {key}: missing")
    try:
        checked = config.overlay(
            Manifest(), {k: v for k, v in given.items() if k in common}, origin
        )
        decode = None
        if layout is not None:
            own_values = {k: v for k, v in given.items() if k in own}
            decode = config.overlay(layout(), own_values, origin)
        described = Described(checked, decode)
        described.spec(Path())  # the calibrations check themselves
    except ConfigError as error:  # names its origin
        raise ModelError(str(error)) from None
    except ValueError as error:
        raise ModelError(f"{origin}: {error}") from None
    return described


def _size(value: tuple[int, ...]) -> bool:
    return len(value) == 2 and all(32 <= side <= 4096 for side in value)
