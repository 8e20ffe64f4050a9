"""Recognising a graph's layout by trying it on pictures with people."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from hie_cli.core.errors import ModelError
from hie_cli.core.types import FloatArray, People
from hie_cli.models.assembly import assemble
from hie_cli.models.decoders.layouts import Layout, name_of
from hie_cli.models.images import Letterbox, cropped, cut, windows
from hie_cli.models.imported_network import ImportedNetwork, Ports, Session
from hie_cli.models.importing import candidates, picture, quality
from hie_cli.models.importing.batching import batched, first_outputs, takes_several
from hie_cli.models.importing.input_ranges import USUAL, input_ranges, range_of
from hie_cli.models.importing.look import Look, look
from hie_cli.models.importing.readings import (
    CLEAR,
    Reading,
    alike,
    best_of,
    layout_text,
    options_between,
)
from hie_cli.models.parts import PeopleDecoder
from hie_cli.models.spec import InputSpec, ModelSpec

_FREE_SIDE = 640  # input of a detector that takes any size
_FREE_CROP_WH = (192, 256)  # and of a pose network
_ALIKE = 0.3  # ``CLEAR`` for the margin of appearance vectors, in deviations
_STRETCHES = 0.05  # how much better a stretched picture must do


@dataclass(frozen=True)
class Recognised:
    """What a graph was found to be.

    ``layout`` and ``input`` as in its ``ModelSpec`` · ``quality`` 0..1 of what it saw on the
    pictures · ``look``: the same to be looked at · ``assumptions``: what was chosen and on what
    grounds · ``doubts``: that it sees nobody, or choices that another reading would have served as
    well, and the options that decide.
    """

    layout: Layout
    input: InputSpec
    quality: float
    look: Look
    assumptions: tuple[str, ...]
    doubts: tuple[str, ...]


def recognise(session: Session, name: str, fixed: Mapping[str, Any]) -> Recognised:
    """Try ``session`` in every way its shapes allow. ``fixed`` keys of the manifest are not varied.

    ModelError where no published layout fits.
    """
    ports = Ports.of(session, name)
    first = None
    for task in (_as_detector, _as_pose, _as_appearance):
        found = task(session, ports, name, fixed)
        if found is not None and found.look.sees:
            return _with_batch(session, name, found)
        first = first or found
    if first is not None:
        return _with_batch(session, name, first)
    probe = first_outputs(session, name, InputSpec(_size(ports, (_FREE_SIDE,) * 2), batched=False))
    shapes = ", ".join(str(each[0].shape) for each in probe)
    raise ModelError(
        f"{name}: outputs {shapes} are of no layout known here; docs/models.md lists them"
    )


def _as_detector(
    session: Session, ports: Ports, name: str, fixed: Mapping[str, Any]
) -> Recognised | None:
    any_size = ports.height is None and ports.width is None
    size = _size(ports, (_FREE_SIDE, _FREE_SIDE), fixed)
    base = InputSpec(size, "fit" if any_size else "letterbox", any_size)
    base = dataclasses.replace(base, batched=batched(session, name, base))
    views = picture.squares()
    boxes = [base.letterbox(view.image.shape[:2], None) for view in views]

    def readings() -> Iterator[Reading]:
        for spec in input_ranges(base, ports, fixed):
            network = ImportedNetwork(session, name, spec)
            outputs = [network(b.batch([v.image])) for v, b in zip(views, boxes, strict=True)]
            plain = [[each[0] for each in one] for one in outputs]
            hw = (boxes[0].padded_height, boxes[0].padded_width)
            for layout in _wanted(candidates.detectors(plain[0], hw), fixed):
                found = _decoded(layout, plain, boxes)
                if found is not None:
                    yield Reading(layout, spec, quality.of_boxes(found, views))

    best, rest = best_of(readings())
    if best is None:
        return None
    best = dataclasses.replace(best, input=_resize(session, name, best, fixed))
    return _result(session, name, best, rest)


def _resize(session: Session, name: str, best: Reading, fixed: Mapping[str, Any]) -> InputSpec:
    """How pictures get into the input: as they are, unless stretched ones are seen better."""
    if best.input.any_size or "resize" in fixed:
        return dataclasses.replace(best.input, resize=fixed.get("resize", best.input.resize))
    view = picture.whole()
    values = {}
    for resize in ("letterbox", "stretch"):
        spec = dataclasses.replace(best.input, resize=resize)
        box = spec.letterbox(view.image.shape[:2], None)
        outputs = ImportedNetwork(session, name, spec)(box.batch([view.image]))
        found = best.layout([each[0] for each in outputs], box)
        values[resize] = quality.of_boxes([found], [view])
    better = values["stretch"] > values["letterbox"] + _STRETCHES
    return dataclasses.replace(best.input, resize="stretch" if better else "letterbox")


def _as_pose(
    session: Session, ports: Ports, name: str, fixed: Mapping[str, Any]
) -> Recognised | None:
    size = _size(ports, _FREE_CROP_WH, fixed)
    base = InputSpec(size, "crop", padding=0)
    base = dataclasses.replace(base, batched=batched(session, name, base))
    people = sorted(picture.JOINTS)
    truth = np.stack([picture.JOINTS[index] for index in people])
    window = windows(picture.BOXES[people], base.context, size[0] / size[1])
    crops = np.stack([cut(picture.read(), each, size) for each in window])
    per_pixel = window[:, None, 2:] / np.array(size, np.float32)
    corner = window[:, None, :2]
    inside = np.asarray(
        ((picture.BOXES[people].reshape(-1, 2, 2) - corner) / per_pixel).reshape(-1, 4), np.float32
    )

    def readings() -> Iterator[Reading]:
        for spec in input_ranges(base, ports, fixed):
            network = ImportedNetwork(session, name, spec)
            single = [network(crop[None]) for crop in crops]
            outputs = [np.concatenate(same) for same in zip(*single, strict=True)]
            plain = [each[0] for each in outputs]
            for layout in _wanted(candidates.poses(plain, size), fixed):
                try:
                    points, _ = layout(outputs, inside, size)
                except (ModelError, ValueError, IndexError):
                    continue
                placed = points * per_pixel + corner
                yield Reading(layout, spec, quality.of_joints(placed, truth))

    best, rest = best_of(readings())
    if best is None:
        return None
    return _result(session, name, best, rest)


def _as_appearance(
    session: Session, ports: Ports, name: str, fixed: Mapping[str, Any]
) -> Recognised | None:
    size = _size(ports, (128, 256), fixed)
    base = InputSpec(size, "crop")
    now, before = (
        np.stack([cropped(picture.read(name_), box, size) for box in boxes])
        for name_, boxes in (
            ("people", picture.BOXES), ("people_second_earlier", picture.EARLIER_BOXES),
        )
    )  # fmt: skip

    def readings() -> Iterator[Reading]:
        for spec in input_ranges(base, ports, fixed):
            network = ImportedNetwork(session, name, spec)
            single = [network(crop[None]) for crop in (*now, *before)]
            if any(len(each) != 1 or len(each[0]) != 1 for each in single):
                return
            for layout in _wanted(candidates.vectors([single[0][0][0]]), fixed):
                vectors = layout([np.concatenate([each[0] for each in single])])
                margin, _ = quality.of_vectors(vectors[: len(now)], vectors[len(now) :])
                yield Reading(layout, spec, margin)

    best, rest = best_of(readings(), _ALIKE)
    if best is None:
        return None
    return _result(session, name, best, rest, _ALIKE)


def _size(
    ports: Ports, free: tuple[int, int], fixed: Mapping[str, Any] | None = None
) -> tuple[int, int]:
    given = (fixed or {}).get("input_size")
    width, height = given or free
    return ports.width or width, ports.height or height


def _wanted(layouts: Iterable[Layout], fixed: Mapping[str, Any]) -> Iterator[Layout]:
    """The layouts that agree with the ``fixed`` keys."""
    for layout in layouts:
        if fixed.get("decoder") in (None, name_of(layout)) and all(
            getattr(layout, key, value) == value for key, value in fixed.items()
        ):
            yield layout


def _decoded(
    layout: Layout, outputs: Sequence[list[FloatArray]], boxes: Sequence[Letterbox]
) -> list[People] | None:
    """What the layout makes of each view; None where it does not fit after all."""
    try:
        with np.errstate(all="ignore"):
            return [layout(one, box) for one, box in zip(outputs, boxes, strict=True)]
    except (ModelError, ValueError, IndexError, FloatingPointError):
        return None


def _result(
    session: Session, name: str, best: Reading, rest: Sequence[Reading], clear: float = CLEAR
) -> Recognised:
    spec, layout = best.input, best.layout
    model = ModelSpec(name, layout.task, None, input=spec, decoder=cast(PeopleDecoder, layout))
    seen = look(assemble(model, ImportedNetwork(session, name, spec)))
    colours, values = spec.colour, range_of(spec)
    usual = (colours, values) in USUAL[name_of(layout)]
    assumptions = (
        f"layout {layout_text(layout)}",
        f"colours {colours}, values {values}" + (" (usual for this layout)" if usual else ""),
        f"input {spec.size_wh[0]} x {spec.size_wh[1]}"
        + (" by default, any other size" if spec.any_size else "")
        + f", pictures {spec.resize}",
    )
    if not seen.sees:
        text = f"it saw {seen.seen} only (--set decoder=..., colour=..., mean=..., input_size=...)"
        return Recognised(layout, spec, best.quality, seen, assumptions, (text,))
    near = [r for r in rest if r.quality > best.quality - clear and r.quality != best.quality]
    doubts = [
        f"layout {layout_text(r.layout)} does as well ({options_between(best, r)})"
        for r in near
        if r.input == spec and not alike(r.layout, layout)
    ][:1]
    if not usual:
        doubts += [
            f"colours {r.input.colour}, values {range_of(r.input)} do as well "
            f"({options_between(best, r)})"
            for r in near
            if r.layout == layout
        ][:1]
    return Recognised(layout, spec, best.quality, seen, assumptions, tuple(doubts))


def _with_batch(session: Session, name: str, found: Recognised) -> Recognised:
    if takes_several(session, name, found.input):
        return found
    text = "takes one image at a time (two at once fail or give something else)"
    return dataclasses.replace(
        found,
        input=dataclasses.replace(found.input, batch=1),
        assumptions=(*found.assumptions, text),
    )
