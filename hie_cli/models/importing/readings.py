"""Readings of a graph: ways to use it, which one is taken, and what tells two apart."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hie_cli.models.decoders.layouts import Layout, name_of
from hie_cli.models.importing.input_ranges import USUAL, range_of
from hie_cli.models.spec import InputSpec

CLEAR = 0.02  # two readings nearer than this are as good as each other


@dataclass(frozen=True)
class Reading:
    """One way to use the graph, and how well it does."""

    layout: Layout
    input: InputSpec
    quality: float


def best_of(
    readings: Iterable[Reading], clear: float = CLEAR
) -> tuple[Reading | None, list[Reading]]:
    """The reading to take, and the others.

    The best one (of equals the first); its layout's usual input where that does as well.
    """
    every = list(readings)
    if not every:
        return None, []
    best = max(every, key=lambda reading: reading.quality)
    near = [r for r in every if r.layout == best.layout and r.quality > best.quality - clear]
    for usual in USUAL[name_of(best.layout)]:
        fitting = [r for r in near if (r.input.colour, range_of(r.input)) == usual]
        if fitting:
            best = fitting[0]
            break
    return best, [reading for reading in every if reading is not best]


def options_between(one: Reading, other: Reading) -> str:
    """The options that say which of two readings it is."""
    keys = [
        {"decoder": name_of(each.layout)}
        | dataclasses.asdict(each.layout)  # type: ignore[call-overload] # a dataclass
        | {"colour": each.input.colour, "mean": each.input.mean, "std": each.input.std}
        for each in (one, other)
    ]
    sides = []
    for own, against in (keys, keys[::-1]):
        given = [f"--set {key}={_plain(v)}" for key, v in own.items() if against.get(key, v) != v]
        sides.append(" ".join(given))
    return " or ".join(sides)


def _plain(value: Any) -> str:
    text = f"[{','.join(map(str, value))}]" if isinstance(value, list | tuple) else str(value)
    return text.lower() if isinstance(value, bool) else text


def layout_text(layout: Layout) -> str:
    """A layout's name with what was chosen in it."""
    own = {
        key: value
        for key, value in dataclasses.asdict(layout).items()  # type: ignore[call-overload] # a dataclass
        if key != "floor" and value != ""
    }
    chosen = ", ".join(f"{key} {value}" for key, value in own.items())
    return name_of(layout) + (f" ({chosen})" if chosen else "")


def alike(one: Layout, other: Layout) -> bool:
    """Whether two layouts differ in nothing that moves a person by more than part of a cell."""
    small = {"dark", "centre"}
    if type(one) is not type(other):
        return False
    values = [
        {k: v for k, v in dataclasses.asdict(each).items() if k not in small}  # type: ignore[call-overload] # as above
        for each in (one, other)
    ]
    return bool(values[0] == values[1])
