"""The manifest of an imported model: what a weights file does not say about itself."""

import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from hie_cli.core.errors import ModelError, nearest
from hie_cli.core.skeletons import KEYPOINT_SETS
from hie_cli.models.packaged import MODELS

# Decoders of ONNX files: their task, and the keys each needs besides the common ones.
DECODERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "yolox": ("detect", ("decoded",)),
    "nanodet": ("detect", ()),
    "rtmo": ("detect", ("keypoints",)),
    "movenet-multi": ("detect", ()),
    "simcc": ("pose", ("keypoints",)),
    "movenet-single": ("pose", ()),
}
_COMMON = ("name", "sha256", "licence")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Manifest:
    """One imported model.

    Either ``decoder`` (an ONNX file, a key of ``DECODERS``) or ``like`` (weights for the network of
    that packaged model). ``input_size`` is (width, height) in pixels, ``colour`` bgr or rgb; the
    network sees ``(value - mean) / std`` per channel in that order, values 0..255.
    """

    name: str
    sha256: str
    licence: str
    decoder: str | None = None
    like: str | None = None
    input_size: tuple[int, int] | None = None
    colour: str = "bgr"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    keypoints: str = "coco17"
    padding: int = 114  # grey level round a letterboxed image
    context: float = 1.25  # crop over box
    floor: float = 0.05  # lowest candidate score of a detector
    person: int = 0  # class index
    decoded: bool = False  # yolox: boxes are already in pixels
    strides: tuple[int, ...] = (8, 16, 32)  # yolox, nanodet
    centre: float = 0.5  # nanodet: where in a cell distances start; 0.0 for NanoDet-Plus
    classes: int = 80  # nanodet
    split_ratio: float = 2.0  # simcc bins per pixel
    origin: str = ""
    task: str = field(default="", init=False)

    def __post_init__(self) -> None:
        if self.like is not None:
            task = next((m.task for m in MODELS if m.name == self.like), "")
        else:
            task = DECODERS.get(self.decoder or "", ("", ()))[0]
        object.__setattr__(self, "task", task)


def read(path: Path) -> Manifest:
    """The manifest file ``path`` (YAML); ModelError names the key that is wrong, and how."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}:" if mark else ""
        raise ModelError(f"{path}:{place} not YAML") from None
    if not isinstance(data, dict):
        raise ModelError(f"{path}: expected a mapping of keys to values")
    return parse(data, str(path))


def parse(data: dict[Any, Any], origin: str) -> Manifest:
    """``data`` checked; ``origin`` begins every error."""
    known = [f.name for f in fields(Manifest) if f.init]
    for key in data:
        if key not in known:
            raise ModelError(f"{origin}: {key}: unknown key{nearest(str(key), known)}")
    decoder, like = data.get("decoder"), data.get("like")
    if (decoder is None) == (like is None):
        raise ModelError(f"{origin}: give either decoder (ONNX) or like (weights of our networks)")
    packaged = [model.name for model in MODELS]
    if like is not None and like not in packaged:
        raise ModelError(f"{origin}: like: {like!r} is not one of {', '.join(packaged)}")
    if decoder is not None and decoder not in DECODERS:
        raise ModelError(f"{origin}: decoder: {decoder!r} is not one of {', '.join(DECODERS)}")
    needed = (*_COMMON, *(("input_size", *DECODERS[decoder][1]) if decoder else ()))
    for key in needed:
        if data.get(key) is None:
            raise ModelError(f"{origin}: {key}: missing")
    values = {key: _value(key, value, origin) for key, value in data.items() if value is not None}
    return Manifest(**values)


def _value(key: str, value: Any, origin: str) -> Any:
    """``value`` as the dataclass wants it; ModelError where it cannot be that."""
    check, wanted = _CHECKS[key]
    value = tuple(value) if isinstance(value, list) else value
    if not check(value):
        raise ModelError(f"{origin}: {key}: {value!r}, expected {wanted}")
    if key in ("mean", "std"):
        return tuple(float(v) for v in value)
    return value


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _several(value: Any, each: Any, count: int | None = None) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == (len(value) or -1 if count is None else count)
        and all(each(v) for v in value)
    )


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


_CHECKS: dict[str, tuple[Any, str]] = {
    "name": (
        lambda v: isinstance(v, str) and _NAME.fullmatch(v) is not None,
        "lower-case letters, digits, dots, dashes and underscores",
    ),
    "sha256": (
        lambda v: isinstance(v, str) and re.fullmatch("[0-9a-f]{64}", v) is not None,
        "the file's 64 hexadecimal digits (sha256sum FILE)",
    ),
    "licence": (_text, "the licence's name"),
    "decoder": (_text, "a decoder's name"),
    "like": (_text, "a packaged model's name"),
    "origin": (lambda v: isinstance(v, str), "text"),
    "input_size": (
        lambda v: _several(v, lambda s: _whole(s, 32, 4096), 2),
        "[width, height] in pixels",
    ),
    "colour": (lambda v: v in ("bgr", "rgb"), "bgr or rgb"),
    "mean": (lambda v: _several(v, _number, 3), "three numbers"),
    "std": (
        lambda v: _several(v, lambda s: _number(s) and s > 0, 3),
        "three numbers above 0",
    ),
    "keypoints": (lambda v: v in KEYPOINT_SETS, f"one of {', '.join(KEYPOINT_SETS)}"),
    "padding": (lambda v: _whole(v, 0, 255), "0..255"),
    "context": (lambda v: _number(v) and 1 <= v <= 3, "1..3"),
    "floor": (lambda v: _number(v) and 0 <= v <= 1, "0..1"),
    "person": (lambda v: _whole(v, 0, 10_000), "a class index from 0"),
    "decoded": (lambda v: isinstance(v, bool), "true or false"),
    "strides": (
        lambda v: _several(v, lambda s: _whole(s, 1, 256)),
        "a list of pixels such as [8, 16, 32]",
    ),
    "centre": (lambda v: _number(v) and 0 <= v <= 1, "0..1"),
    "classes": (lambda v: _whole(v, 1, 10_000), "a number of classes"),
    "split_ratio": (lambda v: _number(v) and v > 0, "bins per pixel, above 0"),
}
