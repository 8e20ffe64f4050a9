"""One person of a simulated crowd over all frames, and what groups of them share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hie_cli.core.action_classes import action_index
from hie_cli.core.geometry import Floats
from hie_cli.simulation import body as b
from hie_cli.simulation.paths import Ground
from hie_cli.simulation.style import between


@dataclass(frozen=True)
class Actor:
    """One person over all T frames: position (T, 3) metres, heading (T,) radians, motion (T, P),
    actions (T,) 0-based; ``vehicle`` is drawn under a rider.
    """

    body: b.Body
    position: Floats
    heading: Floats
    motion: Floats
    actions: NDArray[np.int64]
    vehicle: bool = False


def action_row(name: str, length: int) -> NDArray[np.int64]:
    """The index of the action ``name`` for ``length`` frames (length,)."""
    index = action_index(name)
    assert index is not None
    return np.full(length, index, np.int64)


def on_ground(position: Floats, height: Floats | float = 0.0) -> Floats:
    """Ground positions (T, 2) as (T, 3)."""
    z = np.broadcast_to(height, len(position))
    return np.column_stack([position, z])


def headings_to(here: Floats, there: Floats) -> Floats:
    """Headings (T,) from positions (T, 2) to positions (T, 2)."""
    d = there - here
    return np.unwrap(np.arctan2(d[:, 1], d[:, 0]))


def walk_speed(ground: Ground) -> float:
    """Of one person, metres a second."""
    return between(ground.style.tempo, 0.85, 1.6) * float(ground.rng.uniform(0.88, 1.12))


def run_speed(ground: Ground) -> float:
    """Of one person, metres a second."""
    return between(ground.style.tempo, 2.4, 4.2) * float(ground.rng.uniform(0.9, 1.1))
