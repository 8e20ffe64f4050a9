"""How a simulated crowd moves and is seen: a point in a cube of knobs, split into train and test.

Every knob lies in 0..1. The cube is cut in half along each knob; a cell belongs to the train split
if an even number of its knobs lie in the upper half, else to the test split. So both splits cover
every knob's whole range, and no combination of halves occurs in both.
"""

from dataclasses import astuple, dataclass, fields
from typing import Literal

import numpy as np

Split = Literal["train", "test"]


@dataclass(frozen=True)
class Style:
    """Knobs in 0..1: low to high."""

    tempo: float  # slow to brisk
    stride: float  # short to long steps
    swing: float  # still to swinging arms
    stoop: float  # upright to bent forward
    energy: float  # small to large gestures
    spacing: float  # tight to loose groups
    elevation: float  # camera at eye level to high up
    distance: float  # large persons near to small persons far


def split_of(style: Style) -> Split:
    """The split whose cell ``style`` lies in."""
    upper = sum(knob >= 0.5 for knob in astuple(style))
    return "train" if upper % 2 == 0 else "test"


def draw_style(rng: np.random.Generator, split: Split) -> Style:
    """A style drawn uniformly from the cells of ``split``."""
    knobs = rng.random(len(fields(Style)))
    style = Style(*(float(k) for k in knobs))
    if split_of(style) != split:  # mirror one knob into the other half: now the parity fits
        flipped = int(rng.integers(len(knobs)))
        knobs[flipped] = (knobs[flipped] + 0.5) % 1.0
        style = Style(*(float(k) for k in knobs))
    return style


def between(knob: float, low: float, high: float) -> float:
    """The value a knob in 0..1 stands for in the range low..high."""
    return low + knob * (high - low)
