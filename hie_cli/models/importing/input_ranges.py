"""Colour order and range of values of a network's input: what is tried, and what is usual."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from hie_cli.models.imported_network import Ports
from hie_cli.models.spec import InputSpec

_NET = "ImageNet's mean and deviation"
_IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
_SCALES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "0..255": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    _NET: _IMAGENET,
    "0..1": ((0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
    "-1..1": ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
}


# How the authors of a layout publish it: colour and range of values, taken where no other reading
# sees clearly more.
USUAL: dict[str, tuple[tuple[str, str], ...]] = {
    "yolox": (("bgr", "0..255"), ("rgb", "0..255")),
    "yolo": (("rgb", "0..1"), ("rgb", "0..255")),
    "detection-rows": (("rgb", "0..1"), ("rgb", _NET), ("rgb", "0..255")),
    "dets-labels": (("bgr", _NET), ("bgr", "0..255")),
    "boxes-scores": (("rgb", "0..1"), ("rgb", _NET)),
    "detr": (("rgb", _NET), ("rgb", "0..1")),
    "nanodet": (("bgr", _NET), ("rgb", _NET)),
    "rtmdet": (("bgr", _NET),),
    "rtmo": (("bgr", "0..255"),),
    "movenet-multi": (("rgb", "0..255"),),
    "movenet-single": (("rgb", "0..255"),),
    "simcc": (("rgb", _NET),),
    "heatmaps": (("rgb", _NET),),
    "joints": (("rgb", _NET),),
    "embedding": (("rgb", _NET), ("bgr", "0..255"), ("rgb", "0..1")),
}


def input_ranges(base: InputSpec, ports: Ports, fixed: Mapping[str, Any]) -> Iterator[InputSpec]:
    """Colour order and range of values, in every way that is not fixed."""
    colours = (fixed["colour"],) if "colour" in fixed else ("bgr", "rgb")
    scales = list(_SCALES.values())
    if "mean" in fixed or "std" in fixed:
        mean, std = fixed.get("mean", (0.0,) * 3), fixed.get("std", (1.0,) * 3)
        scales = [(tuple(mean), tuple(std))]
    elif "int" in ports.image.type:
        scales = scales[:1]
    for colour in colours:
        for mean, std in scales:
            if colour == "bgr" and "mean" not in fixed:
                mean, std = mean[::-1], std[::-1]
            yield dataclasses.replace(base, colour=colour, mean=mean, std=std)  # type: ignore[arg-type] # bgr or rgb, checked with the manifest


def range_of(spec: InputSpec) -> str:
    """The range of values in words."""
    for text, (mean, std) in _SCALES.items():
        back = spec.colour == "bgr"
        if spec.mean == (mean[::-1] if back else mean) and spec.std == (std[::-1] if back else std):
            return text
    return f"mean {spec.mean}, std {spec.std}"
